import { Radio, RadioGroup } from "@adobe/react-spectrum";
import { ExpressionField } from "@/expressions/ExpressionField";
import { useT } from "@/i18n/useT";
import { DateTimeField } from "../fields/DateTimeField";
import { DurationField } from "../fields/DurationField";
import { DynamicValues } from "../fields/DynamicValues";
import { Stack } from "../fields/Stack";
import { ZoneNote } from "../fields/ZoneNote";
import type { FormProps } from "../kind";
import { withMembers } from "../members";
import { toSpan } from "../spans";
import { textOf } from "../ways";
import { checkWait, ofType, typeOf, WAIT_TYPES } from "./wait";

/** How long. */
export function WaitForm(props: FormProps) {
  const { node, document, nodeId, onChange, isReadOnly } = props;
  const t = useT();
  const type = typeOf(node);
  const problems = checkWait(node, document);
  const problem = (member: string) => (problems[member] === undefined ? undefined : t(problems[member]));
  return (
    <Stack>
      <RadioGroup
        label={t("activities.wait.type")}
        value={type}
        isReadOnly={isReadOnly}
        onChange={(next) => onChange(ofType(node, next))}
      >
        {WAIT_TYPES.map((one) => (
          <Radio key={one} value={one}>
            {t(`activities.wait.${one}`)}
          </Radio>
        ))}
      </RadioGroup>
      {type === "duration" && (
        <DurationField
          label={t("activities.wait.for")}
          value={toSpan(node.duration, { value: 1, unit: "days" })}
          onChange={(duration) => onChange(withMembers(node, { duration }))}
          isReadOnly={isReadOnly}
          problem={problem("duration")}
        />
      )}
      {type === "custom" && (
        <>
          <ExpressionField
            label={t("activities.wait.until")}
            description={t("activities.wait.custom.help")}
            value={textOf(node.expression)}
            onChange={(expression) => onChange(withMembers(node, { expression }))}
            place={{ document, nodeId }}
            expects="dateTimeOnly"
            isReadOnly={isReadOnly}
            isRequired
          />
          <DynamicValues {...props} />
        </>
      )}
      {type === "fixedDate" && (
        <DateTimeField
          label={t("activities.wait.until")}
          value={textOf(node.date)}
          onChange={(date) => onChange(withMembers(node, { date: date ?? "" }))}
          isReadOnly={isReadOnly}
          isRequired
          problem={problem("date")}
        />
      )}
      {type !== "duration" && <ZoneNote document={document} />}
    </Stack>
  );
}
