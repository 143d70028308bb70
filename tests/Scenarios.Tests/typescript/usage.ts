// Compiled against the generated types, never run: what a client may rely on.
import type { components, paths } from "./api";

type GetOperation = paths["/api/v1/operations/{id}"]["get"];
type OperationView = GetOperation["responses"]["200"]["content"]["application/json"];
type Problem = components["schemas"]["ProblemDetails"];

export async function watch(id: GetOperation["parameters"]["path"]["id"], ask: (path: string) => Promise<Response>): Promise<OperationView> {
  const answer = await ask(`/api/v1/operations/${id}`);
  if (!answer.ok) {
    const problem = (await answer.json()) as Problem;
    throw new Error(`${problem.code}: ${problem.detail ?? problem.title} (${problem.traceId})`);
  }

  return (await answer.json()) as OperationView;
}

export function isOver(operation: OperationView): boolean {
  return operation.state !== "Running";
}

type CreateSample = paths["/api/v1/samples"]["post"];

export const sample: CreateSample["requestBody"]["content"]["application/json"] = {
  name: "Example",
  kind: "Small",
  price: { amount: "12.34", currency: "EUR" },
  part: { quantity: "1" },
};

// @ts-expect-error: an amount is a string, so that no cent is lost on the way.
export const wrong: components["schemas"]["Money"] = { amount: 12.34, currency: "EUR" };
