import { expect, test } from "vitest";
import { labelsOf } from "./labels";
import type { LabelDescriptor } from "./registry";

const labelled = (schema: string, property: string | string[], ...labels: string[]): LabelDescriptor => ({
  "@id": `${schema} ${property}`,
  "xdm:sourceSchema": schema,
  "xdm:sourceProperty": property,
  "xdm:labels": labels,
});

test("a field has its own labels and those of field groups and of the objects around it", () => {
  const found = [
    labelled("orders", ["/_acme/person/email", "/_acme/store"], "core/I1"),
    labelled("orders", "/_acme/person", "C2"),
    labelled("group", "/_acme/person/email", "custom/partner", "I1"),
    labelled("other", "/_acme/person/email", "C12"),
  ];
  const email = labelsOf("/_acme/person/email", "orders", ["group"], found);
  expect(email).toEqual({ own: ["I1"], inherited: ["C2", "partner"], descriptor: found[0] });
  expect(labelsOf("/_acme/person/name", "orders", ["group"], found)).toEqual({
    own: [],
    inherited: ["C2"],
    descriptor: undefined,
  });
  expect(labelsOf("/_acme/personal", "orders", ["group"], found).inherited).toEqual([]);
});
