import { ExpressionField } from "@/expressions/ExpressionField";
import { useScope } from "@/expressions/useExpression";
import { useT } from "@/i18n/useT";
import { groupsOf, toDynamicValues } from "../expressionsOf";
import type { FormProps } from "../kind";
import { withMembers } from "../members";
import { Note, Part } from "./Stack";

/** What the field groups of external data sources that the activity reads are asked with. */
export function DynamicValues({ node, nodeId, document, onChange, isReadOnly }: FormProps) {
  const t = useT();
  const place = { document, nodeId };
  const { scope } = useScope(place);
  const groups = groupsOf(node, scope.roots);
  if (groups.length === 0) return null;
  const set = (source: string, group: string, name: string, expression: string) => {
    const next = groups.map((one) =>
      one.source === source && one.group === group
        ? { ...one, values: one.values.map((value) => (value.name === name ? { name, expression } : value)) }
        : one,
    );
    onChange(withMembers(node, { dynamicValues: toDynamicValues(next) }));
  };
  return (
    <>
      {groups.map(({ source, group, values }) => (
        <Part key={`${source}.${group}`} title={t("activities.dynamicValues", { source, group })}>
          <Note>{t("activities.dynamicValues.help")}</Note>
          {values.map(({ name, expression }) => (
            <ExpressionField
              key={name}
              label={name}
              value={expression}
              onChange={(next) => set(source, group, name, next)}
              place={place}
              expects={null}
              isReadOnly={isReadOnly}
            />
          ))}
        </Part>
      ))}
    </>
  );
}
