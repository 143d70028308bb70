"""Creates an account, a user of it and credits for it: python3 client.py ADDRESS USER PASSWORD. The standard library, nothing else."""
import base64
import json
import sys
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET


class Fault(Exception):
    def __init__(self, status, fault):
        super().__init__(f"{status} {fault['ErrorType']}: {fault['ErrorDetail']['Message']}")
        self.status = status


class Reseller:
    def __init__(self, address, user, password):
        self.root = address.rstrip("/") + "/WebApi/ResellerService/"
        self.authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def call(self, method, key=None, **fields):
        """One object in, one object out, as JSON. With the same key a retry does nothing twice."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        return json.loads(self._send(method, json.dumps(fields).encode(), headers))

    def call_xml(self, method, **fields):
        """The same in XML."""
        request = ET.Element(method)
        for name, value in fields.items():
            ET.SubElement(request, name).text = str(value)
        return ET.fromstring(self._send(method, ET.tostring(request), {"Content-Type": "application/xml"}))

    def _send(self, method, body, headers):
        request = urllib.request.Request(self.root + method, body, {**headers, "Authorization": self.authorization})
        try:
            # The server gives a call 125 seconds, and says so when they are over.
            with urllib.request.urlopen(request, timeout=130) as answer:
                return answer.read()
        except urllib.error.HTTPError as refused:
            said = refused.read()
            if refused.headers.get_content_type() == "application/json":
                raise Fault(refused.code, json.loads(said)) from None
            xml = ET.fromstring(said)
            raise Fault(refused.code, {
                "ErrorType": xml.findtext("ErrorType"), "ErrorDetail": {"Message": xml.findtext("ErrorDetail/Message")},
            }) from None


def main(address, user, password):
    reseller = Reseller(address, user, password)
    new = dict(Name="Python & Söhne", CountryCode="DE", CurrencyCode="EUR", ContactEmail="it@python.example")
    account = reseller.call("CreateAccount", key="first-account", **new)["AccountId"]
    assert reseller.call("CreateAccount", key="first-account", **new)["AccountId"] == account

    shown, xml = reseller.call("GetAccount", AccountId=account), reseller.call_xml("GetAccount", AccountId=account)
    assert shown["Name"] == xml.findtext("Name") == new["Name"]
    assert shown["Status"] == xml.findtext("Status") == "Active"

    user = reseller.call(
        "AddUserToAccount", AccountId=account, Username=f"python-{account}", Password="Maple-7-river", Firstname="Ada", LastName="Lovelace",
        EmailAddress=f"ada-{account}@python.example", MobilePhoneNumber="+4915112345678", LandlinePhoneNumber="+4930123456")["UserId"]
    roles = {role["Name"]: role["RoleId"] for role in reseller.call("GetRoles")["Roles"]}
    held = reseller.call("AddRoleToUser", UserId=user, RoleId=roles["TenantUser"])
    assert [role["Name"] for role in held["Roles"]] == ["TenantUser"]

    for _ in range(2):  # A reference is added once, so that sending it again does no harm.
        assert reseller.call("AddCreditToAccount", AccountId=account, Credits=500, Reference="payment 4711")["Balance"] == 500
    balance = reseller.call("GetCreditBalance", AccountId=account)
    assert balance["Credits"] == sum(lot["Credits"] for lot in balance["Lots"]) == 500

    for call in (reseller.call, reseller.call_xml):
        try:
            call("CreateAccount", Name="No country")
            raise AssertionError("It was not refused.")
        except Fault as fault:
            assert fault.status == 400 and "Parameter name: CountryCode" in str(fault)
    print(f"account {account} user {user}")


if __name__ == "__main__":
    main(*sys.argv[1:])
