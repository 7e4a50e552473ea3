import { ActionButton, Flex, Heading, Item, NumberField, Picker, Text, TextField } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import Delete from "@spectrum-icons/workflow/Delete";
import { ReferencePicker } from "@/activities/fields/ReferencePicker";
import { Note } from "@/activities/fields/Stack";
import { useReferences } from "@/activities/useReferences";
import { ExpressionField } from "@/expressions/ExpressionField";
import type { JourneyDocument } from "@/flow/document";
import {
  asType,
  DEFAULT_WITHIN_DAYS,
  METRIC_TYPES,
  type Metric,
  MOST_METRICS,
  metricName,
  metricsOf,
  newMetric,
  withCondition,
  withMetrics,
  withValue,
} from "@/flow/metrics";
import { useT } from "@/i18n/useT";
import styles from "./MetricsFields.module.css";

interface Props {
  document: JourneyDocument;
  onChange: (metrics: unknown[] | undefined) => void;
  isReadOnly: boolean;
}

/** What the journey's success is measured by. */
export function MetricsFields({ document, onChange, isReadOnly }: Props) {
  const t = useT();
  const metrics = metricsOf(document);
  const set = (next: readonly Metric[]) => onChange(withMetrics(document, next));
  return (
    <section aria-label={t("metrics.title")}>
      <Heading level={3} marginTop="size-300" marginBottom="size-0">
        {t("metrics.title")}
      </Heading>
      <Note>{t("metrics.help")}</Note>
      {metrics.length === 0 && <p>{t("metrics.none")}</p>}
      {metrics.map((metric, index) => (
        <OneMetric
          key={metric.id}
          metric={metric}
          isReadOnly={isReadOnly}
          onChange={(changed) => set(metrics.map((one, at) => (at === index ? changed : one)))}
          onRemove={() => set(metrics.filter((_, at) => at !== index))}
        />
      ))}
      {!isReadOnly && metrics.length < MOST_METRICS && (
        <ActionButton
          onPress={() =>
            set([...metrics, { ...newMetric(metrics), label: t("metrics.new", { number: metrics.length + 1 }) }])
          }
        >
          <Add />
          <Text>{t("metrics.add")}</Text>
        </ActionButton>
      )}
    </section>
  );
}

interface OneProps {
  metric: Metric;
  onChange: (metric: Metric) => void;
  onRemove: () => void;
  isReadOnly: boolean;
}

function OneMetric({ metric, onChange, onRemove, isReadOnly }: OneProps) {
  const t = useT();
  const { events } = useReferences();
  const unitary = events.filter((event) => event.type !== "business");
  const eventUid = metric.eventUid ?? "";
  return (
    <fieldset className={styles.metric} aria-label={metricName(metric)}>
      <Flex alignItems="end" gap="size-100">
        <TextField
          label={t("metrics.label")}
          value={metric.label ?? metric.id}
          maxLength={200}
          isReadOnly={isReadOnly}
          onChange={(label) => onChange({ ...metric, label })}
          flex
          width="100%"
        />
        {!isReadOnly && (
          <ActionButton isQuiet onPress={onRemove} aria-label={t("metrics.remove", { name: metricName(metric) })}>
            <Delete />
          </ActionButton>
        )}
      </Flex>
      <Picker
        label={t("metrics.kind")}
        selectedKey={metric.type}
        isDisabled={isReadOnly}
        onSelectionChange={(key) => {
          const type = METRIC_TYPES.find((one) => one === key);
          if (type !== undefined && type !== metric.type) onChange(asType(metric, type));
        }}
        width="100%"
      >
        {METRIC_TYPES.map((type) => (
          <Item key={type}>{t(`metrics.kind.${type}`)}</Item>
        ))}
      </Picker>
      {metric.type === "event" && (
        <>
          <ReferencePicker
            label={t("activities.event.name")}
            list="events"
            choices={unitary.map(({ uid, name, description }) => ({ id: uid, name, detail: description }))}
            value={eventUid}
            onChange={(uid) => onChange({ ...metric, eventUid: uid })}
            isReadOnly={isReadOnly}
            href="/events/new"
          />
          {eventUid !== "" && (
            <>
              <ExpressionField
                label={t("metrics.condition")}
                value={metric.expression ?? ""}
                onChange={(text) => onChange(withCondition(metric, text))}
                place={{ eventUid }}
                expects="boolean"
                isReadOnly={isReadOnly}
              />
              <ExpressionField
                label={t("metrics.value")}
                value={metric.value?.expression ?? ""}
                onChange={(text) => onChange(withValue(metric, text))}
                place={{ eventUid }}
                expects="decimal"
                isReadOnly={isReadOnly}
              />
            </>
          )}
        </>
      )}
      <NumberField
        label={t("metrics.within")}
        value={metric.withinDays ?? DEFAULT_WITHIN_DAYS}
        minValue={1}
        maxValue={91}
        isReadOnly={isReadOnly}
        onChange={(withinDays) => Number.isFinite(withinDays) && onChange({ ...metric, withinDays })}
        width="100%"
      />
    </fieldset>
  );
}
