import { Button, Heading } from "@adobe/react-spectrum";
import { useState } from "react";
import { FormattedNumber, useIntl } from "react-intl";
import { call } from "@/api/call";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { FigureTable } from "@/ui/FigureTable";
import { useAct } from "@/ui/useAct";
import type { ExperimentFigures, Figures, MetricFigures, Report, VariantFigures } from "./report";

const Count = ({ value }: { value: number | undefined }) =>
  value === undefined ? "–" : <FormattedNumber value={value} maximumFractionDigits={2} />;
const Share = ({ value }: { value: number | null }) =>
  value === null ? "–" : <FormattedNumber value={value} style="percent" maximumFractionDigits={1} />;

/** Success metrics, and how the paths of each experiment compare by its metric. */
export function SuccessTables({ figures, report }: { figures: Figures; report: Report }) {
  const t = useT();
  if (figures.metrics.length === 0) return <p>{t("metrics.none")}</p>;
  return (
    <>
      <FigureTable
        caption={t("metrics.title")}
        isWhole
        columns={["name", "outcomes", "converted", "rate", "value"].map((id) => ({
          id,
          name: t(`metrics.column.${id}`),
        }))}
        rows={figures.metrics.map((metric) => ({
          id: metric.id,
          cells: {
            name: metric.name,
            outcomes: <Count value={metric.outcomes} />,
            converted: <Count value={metric.converted} />,
            rate: <Share value={metric.rate} />,
            value: <Count value={metric.value} />,
          },
        }))}
      />
      {figures.experiments.map((experiment) => (
        <Experiment key={experiment.nodeId} experiment={experiment} metrics={figures.metrics} report={report} />
      ))}
    </>
  );
}

interface Props {
  experiment: ExperimentFigures;
  metrics: readonly MetricFigures[];
  report: Report;
}

function Experiment({ experiment, metrics, report }: Props) {
  const t = useT();
  const { formatDate, formatNumber } = useIntl();
  const mayPublish = useMay("journeys.publish");
  const [asked, setAsked] = useState<VariantFigures | null>(null);
  const metric = metrics.find((one) => one.id === experiment.successMetric) ?? metrics[0];
  const nameOf = (path: string | null | undefined) =>
    experiment.variants.find((one) => one.path === path)?.name ?? String(path);
  const at = (us: number) => formatDate(us / 1_000, { dateStyle: "medium", timeStyle: "short" });
  const scale = useAct(
    (variant: VariantFigures) =>
      call(
        "POST",
        `/journey/orchestration/journeyVersions/${report.versionUid}/experiments/${experiment.nodeId}/winner`,
        { body: { path: variant.path } },
      ),
    { invalidates: [["journeys"]], done: (_, variant) => t("metrics.scaleDone", { path: variant.name }) },
  );
  const canScale = mayPublish && experiment.winner === null && ["Deployed", "Paused"].includes(report.status);
  const percent = (value: number) => formatNumber(value, { style: "percent", maximumFractionDigits: 1 });
  if (metric === undefined) return null;
  const columns = ["path", "share", "individuals", "converted", "rate", "value", "lift", "interval"];
  return (
    <section>
      <Heading level={3}>{t("metrics.experiment", { name: experiment.nodeName, metric: metric.name })}</Heading>
      <p>
        {experiment.winner !== null
          ? t(`metrics.scaled.${experiment.winner.mode}`, {
              path: nameOf(experiment.winner.path),
              at: at(experiment.winner.atUs),
            })
          : experiment.leader !== null
            ? t("metrics.leader", { path: nameOf(experiment.leader) })
            : t("metrics.noLeader")}{" "}
        {experiment.winner === null &&
          experiment.calculatedAtUs !== null &&
          t("metrics.calculated", { at: at(experiment.calculatedAtUs) })}
      </p>
      <FigureTable
        caption={t("metrics.experiment", { name: experiment.nodeName, metric: metric.name })}
        isWhole
        columns={[...columns, ...(canScale ? ["scale"] : [])].map((id) => ({ id, name: t(`metrics.column.${id}`) }))}
        rows={experiment.variants.map((variant, index) => {
          const of = variant.metrics.find((one) => one.id === metric.id);
          const name = variant.path === null ? t("metrics.holdout") : variant.name;
          const lift = of?.lift ?? null;
          return {
            id: variant.path ?? "",
            cells: {
              path: name,
              share: <Share value={variant.share / 100} />,
              individuals: <Count value={variant.individuals} />,
              converted: <Count value={of?.converted} />,
              rate: <Share value={of?.rate ?? null} />,
              value: <Count value={of?.value} />,
              lift: index === 0 ? t("metrics.baseline") : <Share value={lift?.relative ?? null} />,
              interval:
                lift === null ? "–" : t("metrics.interval", { low: percent(lift.low), high: percent(lift.high) }),
              scale:
                variant.path === null ? null : (
                  <Button variant="secondary" onPress={() => setAsked(variant)} isDisabled={scale.isPending}>
                    {t("metrics.scaleTo", { path: name })}
                  </Button>
                ),
            },
          };
        })}
      />
      <Asked
        isOpen={asked !== null}
        title={t("metrics.scaleTo", { path: asked?.name ?? "" })}
        confirm={t("metrics.scaleTo", { path: asked?.name ?? "" })}
        isDestructive={false}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && scale.mutate(asked)}
      >
        {t("metrics.scaleAsk", { path: asked?.name ?? "" })}
      </Asked>
    </section>
  );
}
