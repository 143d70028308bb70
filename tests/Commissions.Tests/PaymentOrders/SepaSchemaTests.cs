using System.Xml;
using System.Xml.Linq;
using System.Xml.Schema;
using Licensing.Commissions.PaymentOrders;
using Licensing.Commissions.Payouts;

namespace Licensing.Commissions.Tests.PaymentOrders;

/// <summary>
/// The rules of pain.001.001.09 for what we write of it, written out: names, order, how often, lengths, patterns; and sums, which no schema knows.
/// </summary>
public sealed class SepaSchemaTests
{
    private const string Schema =
        """
        <xs:schema xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09" xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"
            targetNamespace="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">
          <xs:element name="Document"><xs:complexType><xs:sequence>
            <xs:element name="CstmrCdtTrfInitn"><xs:complexType><xs:sequence>
              <xs:element name="GrpHdr" type="GroupHeader85"/>
              <xs:element name="PmtInf" type="PaymentInstruction30" maxOccurs="unbounded"/>
            </xs:sequence></xs:complexType></xs:element>
          </xs:sequence></xs:complexType></xs:element>
          <xs:complexType name="GroupHeader85"><xs:sequence>
            <xs:element name="MsgId" type="Max35Text"/><xs:element name="CreDtTm" type="xs:dateTime"/>
            <xs:element name="NbOfTxs" type="Max15NumericText"/><xs:element name="CtrlSum" type="DecimalNumber" minOccurs="0"/>
            <xs:element name="InitgPty" type="Party"/>
          </xs:sequence></xs:complexType>
          <xs:complexType name="PaymentInstruction30"><xs:sequence>
            <xs:element name="PmtInfId" type="Max35Text"/>
            <xs:element name="PmtMtd"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="TRF"/></xs:restriction></xs:simpleType>
              </xs:element>
            <xs:element name="NbOfTxs" type="Max15NumericText" minOccurs="0"/><xs:element name="CtrlSum" type="DecimalNumber" minOccurs="0"/>
            <xs:element name="PmtTpInf" minOccurs="0"><xs:complexType><xs:sequence>
              <xs:element name="SvcLvl" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:choice>
                <xs:element name="Cd" type="Max4Text"/></xs:choice></xs:complexType></xs:element>
            </xs:sequence></xs:complexType></xs:element>
            <xs:element name="ReqdExctnDt"><xs:complexType><xs:choice>
              <xs:element name="Dt" type="xs:date"/><xs:element name="DtTm" type="xs:dateTime"/></xs:choice></xs:complexType></xs:element>
            <xs:element name="Dbtr" type="Party"/><xs:element name="DbtrAcct" type="Account"/><xs:element name="DbtrAgt" type="Agent"/>
            <xs:element name="ChrgBr" minOccurs="0"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="SLEV"/>
              </xs:restriction></xs:simpleType></xs:element>
            <xs:element name="CdtTrfTxInf" maxOccurs="unbounded"><xs:complexType><xs:sequence>
              <xs:element name="PmtId"><xs:complexType><xs:sequence>
                <xs:element name="InstrId" type="Max35Text" minOccurs="0"/><xs:element name="EndToEndId" type="Max35Text"/>
              </xs:sequence></xs:complexType></xs:element>
              <xs:element name="Amt"><xs:complexType><xs:choice><xs:element name="InstdAmt" type="CurrencyAndAmount"/></xs:choice>
                </xs:complexType></xs:element>
              <xs:element name="CdtrAgt" type="Agent" minOccurs="0"/><xs:element name="Cdtr" type="Party" minOccurs="0"/>
              <xs:element name="CdtrAcct" type="Account" minOccurs="0"/>
              <xs:element name="RmtInf" minOccurs="0"><xs:complexType><xs:sequence>
                <xs:element name="Ustrd" type="Max140Text" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
            </xs:sequence></xs:complexType></xs:element>
          </xs:sequence></xs:complexType>
          <xs:complexType name="Party"><xs:sequence><xs:element name="Nm" type="Max70Latin" minOccurs="0"/></xs:sequence></xs:complexType>
          <xs:complexType name="Account"><xs:sequence><xs:element name="Id"><xs:complexType><xs:choice>
            <xs:element name="IBAN" type="IBAN2007Identifier"/></xs:choice></xs:complexType></xs:element></xs:sequence></xs:complexType>
          <xs:complexType name="Agent"><xs:sequence><xs:element name="FinInstnId"><xs:complexType><xs:sequence>
            <xs:element name="BICFI" type="BICFIDec2014Identifier" minOccurs="0"/>
            <xs:element name="Othr" minOccurs="0"><xs:complexType><xs:sequence><xs:element name="Id" type="Max35Text"/></xs:sequence></xs:complexType>
              </xs:element></xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType>
          <xs:complexType name="CurrencyAndAmount"><xs:simpleContent><xs:extension base="Amount">
            <xs:attribute name="Ccy" use="required"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="EUR"/></xs:restriction>
            </xs:simpleType></xs:attribute></xs:extension></xs:simpleContent></xs:complexType>
          <xs:simpleType name="Amount"><xs:restriction base="xs:decimal"><xs:fractionDigits value="2"/><xs:totalDigits value="11"/>
            <xs:minInclusive value="0.01"/></xs:restriction></xs:simpleType>
          <xs:simpleType name="DecimalNumber"><xs:restriction base="xs:decimal"><xs:fractionDigits value="2"/><xs:totalDigits value="18"/>
            </xs:restriction></xs:simpleType>
          <xs:simpleType name="Max15NumericText"><xs:restriction base="xs:string"><xs:pattern value="[0-9]{1,15}"/></xs:restriction></xs:simpleType>
          <xs:simpleType name="Max4Text"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="4"/>
            </xs:restriction></xs:simpleType>
          <xs:simpleType name="Max35Text"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="35"/>
            <xs:pattern value="[A-Za-z0-9/\-?:().,'+ ]+"/></xs:restriction></xs:simpleType>
          <xs:simpleType name="Max70Latin"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="70"/>
            <xs:pattern value="[A-Za-z0-9/\-?:().,'+ ]+"/></xs:restriction></xs:simpleType>
          <xs:simpleType name="Max140Text"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="140"/>
            <xs:pattern value="[A-Za-z0-9/\-?:().,'+ ]+"/></xs:restriction></xs:simpleType>
          <xs:simpleType name="IBAN2007Identifier"><xs:restriction base="xs:string"><xs:pattern value="[A-Z]{2,2}[0-9]{2,2}[a-zA-Z0-9]{1,30}"/>
            </xs:restriction></xs:simpleType>
          <xs:simpleType name="BICFIDec2014Identifier"><xs:restriction base="xs:string">
            <xs:pattern value="[A-Z0-9]{4,4}[A-Z]{2,2}[A-Z0-9]{2,2}([A-Z0-9]{3,3}){0,1}"/></xs:restriction></xs:simpleType>
        </xs:schema>
        """;

    [Theory]
    [InlineData("Müller & Söhne <GmbH> \"Ærø\" Łódź", "DEUTDEFF", 2)]
    [InlineData("株式会社 😀", null, 1)]
    [InlineData("Ähhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßßß", "DEUTDEFF500", 3)]
    public void Whatever_is_in_an_order_its_file_keeps_to_the_rules(string holder, string? bic, int payments)
    {
        var file = File(holder, bic, payments);
        Broken(file).ShouldBeEmpty();
        XNamespace pain = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";
        var amounts = file.Descendants(pain + "InstdAmt").Select(x => decimal.Parse(x.Value)).ToList();
        file.Descendants(pain + "NbOfTxs").Select(x => x.Value).ShouldBe([$"{amounts.Count}", $"{amounts.Count}"]);
        file.Descendants(pain + "CtrlSum").Select(x => decimal.Parse(x.Value)).ShouldBe([amounts.Sum(), amounts.Sum()]);
        file.Descendants(pain + "EndToEndId").Select(x => x.Value).Distinct().Count().ShouldBe(payments);
    }

    [Fact]
    public void The_rules_find_what_breaks_them()
    {
        XNamespace pain = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";
        foreach (var wrong in new Action<XDocument>[]
        {
            x => x.Descendants(pain + "MsgId").Single().Value = new string('1', 36),
            x => x.Descendants(pain + "InstdAmt").First().Value = "1.005",
            x => x.Descendants(pain + "Nm").First().Value = "Müller",
            x => x.Descendants(pain + "DbtrAcct").Single().Descendants(pain + "IBAN").Single().Value = "DE",
            x => x.Descendants(pain + "BICFI").First().Value = "DEUT",
            x =>
            {
                var method = x.Descendants(pain + "PmtMtd").Single();
                method.Remove();
                x.Descendants(pain + "ChrgBr").Single().AddAfterSelf(method);
            },
            x => x.Descendants(pain + "DbtrAgt").Single().Remove(),
        })
        {
            var file = File("Holder", "DEUTDEFF", 2);
            wrong(file);
            Broken(file).ShouldNotBeEmpty();
        }
    }

    private static XDocument File(string holder, string? bic, int payments)
    {
        var at = new DateTimeOffset(2026, 1, 15, 10, 0, 0, TimeSpan.Zero);
        var order = new PaymentOrder
        {
            Id = Id.New<PaymentOrderId>(at),
            OwnerPath = "p",
            Currency = Currency.Parse("EUR"),
            ExecutesOn = new(2026, 1, 16),
            Holder = holder,
            Iban = "DE89370400440532013000",
            Bic = bic,
            Payouts = payments,
            Total = payments * 1234567.89m,
            CreatedAt = at,
        };
        return XDocument.Parse(System.Text.Encoding.UTF8.GetString(SepaTransfer.Of(order,
        [
            .. Enumerable.Range(1, payments).Select(i => new PaymentOrderLine
            {
                OrderId = order.Id, Position = i, PayoutId = Id.New<PayoutId>(at), Amount = 1234567.89m, Holder = holder,
                Iban = "GB82WEST12345698765432", Bic = i == 1 ? bic : null, Remittance = $"Commission 2025-12 {Guid.AllBitsSet}",
            }),
        ])));
    }

    private static List<string> Broken(XDocument file)
    {
        var rules = new XmlSchemaSet();
        rules.Add(null, XmlReader.Create(new StringReader(Schema)));
        var broken = new List<string>();
        file.Validate(rules, (_, wrong) => broken.Add(wrong.Message));
        return broken;
    }
}
