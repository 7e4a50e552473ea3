import { Item, NumberField, Picker, Switch } from "@adobe/react-spectrum";
import { metricName, metricsOf } from "@/flow/metrics";
import { useT } from "@/i18n/useT";
import { Note } from "../fields/Stack";
import type { FormProps } from "../kind";
import { numberOf, objectOf } from "../members";
import { textOf } from "../ways";

const TYPES = ["ab", "bandit"] as const;

interface Props extends FormProps {
  set: (members: Record<string, unknown>) => void;
}

/** What the paths of an experiment are compared by, and whether their percentages move. */
export function Allocation({ node, document, isReadOnly, set }: Props) {
  const t = useT();
  const metrics = metricsOf(document).map((metric) => ({ id: metric.id, name: metricName(metric) }));
  const named = textOf(node.successMetric);
  const choices =
    metrics.some((one) => one.id === named) || named === "" ? metrics : [{ id: named, name: named }, ...metrics];
  const isBandit = node.experimentType === "bandit";
  const scales = node.scaleWinner !== undefined;
  const number = (label: string, name: string, value: number, least: number, most: number, help?: string) => (
    <NumberField
      label={t(label)}
      description={help === undefined ? undefined : t(help)}
      value={value}
      minValue={least}
      maxValue={most}
      isReadOnly={isReadOnly}
      onChange={(next) => Number.isFinite(next) && set({ [name]: next })}
      width="100%"
    />
  );
  return (
    <>
      <Picker
        label={t("activities.optimize.metric")}
        description={t("activities.optimize.metric.help")}
        selectedKey={named === "" ? null : named}
        isDisabled={isReadOnly}
        onSelectionChange={(key) => set({ successMetric: String(key) })}
        items={choices}
        width="100%"
      >
        {(one) => <Item key={one.id}>{one.name}</Item>}
      </Picker>
      {metrics.length === 0 && <Note>{t("metrics.noneToName")}</Note>}
      <Picker
        label={t("metrics.experimentType")}
        selectedKey={isBandit ? "bandit" : "ab"}
        isDisabled={isReadOnly}
        onSelectionChange={(key) =>
          set(
            key === "bandit"
              ? { experimentType: "bandit" }
              : {
                  experimentType: undefined,
                  exploration: undefined,
                  ...(scales ? {} : { recalculateDays: undefined }),
                },
          )
        }
        width="100%"
      >
        {TYPES.map((type) => (
          <Item key={type}>{t(`metrics.experimentType.${type}`)}</Item>
        ))}
      </Picker>
      {isBandit &&
        number(
          "metrics.exploration",
          "exploration",
          numberOf(node.exploration) ?? 10,
          1,
          50,
          "metrics.exploration.help",
        )}
      <Switch
        isSelected={scales}
        isReadOnly={isReadOnly}
        onChange={(on) =>
          set(
            on ? { scaleWinner: {} } : { scaleWinner: undefined, ...(isBandit ? {} : { recalculateDays: undefined }) },
          )
        }
      >
        {t("metrics.scale")}
      </Switch>
      {scales && (
        <>
          <Note>{t("metrics.scale.help")}</Note>
          <NumberField
            label={t("metrics.confidence")}
            value={numberOf(objectOf(node.scaleWinner).confidence) ?? 95}
            minValue={80}
            maxValue={99}
            isReadOnly={isReadOnly}
            onChange={(confidence) => Number.isFinite(confidence) && set({ scaleWinner: { confidence } })}
            width="100%"
          />
        </>
      )}
      {(isBandit || scales) && number("metrics.every", "recalculateDays", numberOf(node.recalculateDays) ?? 7, 1, 30)}
    </>
  );
}
