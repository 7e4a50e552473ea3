import { NumberField, Radio, RadioGroup, Switch } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import { Note } from "../fields/Stack";
import type { FormProps } from "../kind";
import { numberOf, objectOf, withMembers } from "../members";
import { textOf } from "../ways";
import { HOURS, SUCCESSES } from "./sendTime";

/** Whether each individual gets the message in the hour that is best for them, and within how long. */
export function SendTimeFields({ node, onChange, isReadOnly }: FormProps) {
  const t = useT();
  const successes = SUCCESSES[textOf(node.channel)] ?? [];
  const chosen = objectOf(node.sendTimeOptimization);
  if (successes.length === 0) return null;
  const set = (changes: Record<string, unknown>) =>
    onChange(withMembers(node, { sendTimeOptimization: { ...chosen, ...changes } }));
  const isOn = node.sendTimeOptimization !== undefined;
  return (
    <>
      <Switch
        isSelected={isOn}
        isReadOnly={isReadOnly}
        onChange={(on) =>
          onChange(
            withMembers(node, {
              sendTimeOptimization: on ? { optimizeFor: successes[0], withinHours: HOURS.usual } : undefined,
            }),
          )
        }
      >
        {t("activities.sendTime")}
      </Switch>
      {isOn && (
        <>
          {successes.length > 1 && (
            <RadioGroup
              label={t("activities.sendTime.for")}
              orientation="horizontal"
              value={textOf(chosen.optimizeFor)}
              isReadOnly={isReadOnly}
              onChange={(optimizeFor) => set({ optimizeFor })}
            >
              {successes.map((one) => (
                <Radio key={one} value={one}>
                  {t(`activities.sendTime.${one}`)}
                </Radio>
              ))}
            </RadioGroup>
          )}
          <NumberField
            label={t("activities.sendTime.within")}
            value={numberOf(chosen.withinHours) ?? HOURS.usual}
            minValue={HOURS.least}
            maxValue={HOURS.most}
            formatOptions={{ style: "unit", unit: "hour", unitDisplay: "long" }}
            isReadOnly={isReadOnly}
            onChange={(withinHours) => Number.isFinite(withinHours) && set({ withinHours })}
            width="100%"
          />
          <Note>{t("activities.sendTime.help")}</Note>
        </>
      )}
    </>
  );
}
