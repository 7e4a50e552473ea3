import { ExpressionField } from "@/expressions/ExpressionField";
import type { Place } from "@/expressions/scope";
import { useT } from "@/i18n/useT";
import type { Path } from "../paths";
import { textOf } from "../ways";
import type { ConditionType } from "./condition";
import { DateFields } from "./DateFields";
import { TimeFields } from "./TimeFields";

interface Props {
  type: ConditionType;
  path: Path;
  place: Place;
  onChange: (changes: Record<string, unknown>) => void;
  isReadOnly: boolean;
}

/** When one path is taken; of splits and caps nothing is to be said of a path alone. */
export function ConditionPath({ type, path, place, onChange, isReadOnly }: Props) {
  const t = useT();
  if (type === "time") return <TimeFields path={path} onChange={onChange} isReadOnly={isReadOnly} />;
  if (type === "date") return <DateFields path={path} onChange={onChange} isReadOnly={isReadOnly} />;
  if (type !== "dataSource") return null;
  return (
    <ExpressionField
      label={t("activities.condition.expression")}
      value={textOf(path.expression)}
      onChange={(expression) => onChange({ expression })}
      place={place}
      expects="boolean"
      isReadOnly={isReadOnly}
      isRequired
    />
  );
}
