import { expect, test } from "vitest";
import { fieldsOf } from "@/pages/schemas/fields";
import { shareOf, withField } from "./chosenFields";
import { toSource, withRelated, withSource } from "./relatedFields";

const orders = {
  properties: { _acme: { type: "object", properties: { sku: { type: "string" }, total: { type: "number" } } } },
};
const products = {
  property: "/_acme/sku",
  at: "/_acme/sku_related",
  schema: { id: "p", title: "Products" },
  key: "/sku",
  dataSets: [{ id: "d", name: "Products" }],
  document: { properties: { price: { type: "number" } } },
};
const fields = withRelated(fieldsOf(orders), [products]);

test("fields of a related schema follow the field that names its record", () => {
  expect(fields.map((field) => field.pointer)).toEqual([
    "/_acme",
    "/_acme/sku",
    "/_acme/sku_related",
    "/_acme/sku_related/price",
    "/_acme/total",
  ]);
  expect(fields[2]).toMatchObject({ path: "_acme.sku_related", title: "Products", depth: 1, hasFields: true });
  expect(fields[3]).toMatchObject({ path: "_acme.sku_related.price", depth: 2 });
});

test("they are chosen as others are", () => {
  const [, , row, price] = fields;
  if (row === undefined || price === undefined) throw new Error("no row");
  const chosen = withField(fields, [], row, true);
  expect(chosen).toEqual(["/_acme/sku_related/price"]);
  expect(shareOf(fields, chosen, price)).toBe("all");
});

test("nothing related, nothing added", () => {
  expect(withRelated(fieldsOf(orders), [])).toEqual(fieldsOf(orders));
});

test("a data set is asked for where the server can't choose", () => {
  const price = ["/_acme/sku_related/price"];
  const several = { ...products, dataSets: [...products.dataSets, { id: "e", name: "Others" }] };
  expect(toSource([products], price, [])).toEqual([]);
  expect(toSource([{ ...products, dataSets: [] }], price, [])).toHaveLength(1);
  expect(toSource([several], price, [])).toEqual([several]);
  expect(toSource([several], ["/_acme/sku", "/_acme/sku_relatedly"], [])).toEqual([]);
  const named = withSource([{ property: products.property, datasetId: "d" }], products.property, "e");
  expect(named).toEqual([{ property: products.property, datasetId: "e" }]);
  expect(toSource([products], price, named)).toEqual([products]);
});
