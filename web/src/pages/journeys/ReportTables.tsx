import { FormattedNumber } from "react-intl";
import { useT } from "@/i18n/useT";
import { FigureTable } from "@/ui/FigureTable";
import type { ActionFigures, Figures, NodeFigures } from "./report";

const Count = ({ value }: { value: number | undefined }) =>
  value === undefined ? "–" : <FormattedNumber value={value} />;
const Share = ({ value }: { value: number }) => (
  <FormattedNumber value={value} style="percent" maximumFractionDigits={1} />
);

/** Each activity: who came, who is there, and who left the journey there. */
export function NodeTable({ nodes, hasCurrent }: { nodes: readonly NodeFigures[]; hasCurrent: boolean }) {
  const t = useT();
  const ids = ["name", "type", "arrived", ...(hasCurrent ? ["current"] : []), "executed", "errors", "dropOff", "rate"];
  return (
    <FigureTable
      caption={t("journeys.tab.nodes")}
      columns={ids.map((id) => ({ id, name: t(`journeys.node.${id}`), isText: id === "type" }))}
      rows={nodes.map((node) => ({
        id: node.id,
        cells: {
          name: node.name,
          type: node.type in TYPES ? t(`activities.${node.type}.name`) : "–",
          arrived: <Count value={node.arrived} />,
          current: <Count value={node.current} />,
          executed: <Count value={node.executed} />,
          errors: <Count value={node.errors} />,
          dropOff: <Count value={node.dropOff} />,
          rate: <Share value={node.dropOffRate} />,
        },
      }))}
    />
  );
}

/** Kinds with a name in the catalogue; activities in parallel are of none. */
const TYPES = Object.fromEntries(
  [
    "event",
    "businessEvent",
    "audienceQualification",
    "readAudience",
    "reaction",
    "condition",
    "optimize",
    "wait",
    "datasetLookup",
    "customAction",
    "message",
    "jump",
    "updateProfile",
    "end",
  ].map((type) => [type, true]),
);

/** Calls of each action, and how long they took. */
export function ActionTable({ actions }: { actions: readonly ActionFigures[] }) {
  const t = useT();
  if (actions.length === 0) return <p>{t("journeys.actions.none")}</p>;
  return (
    <FigureTable
      caption={t("journeys.tab.actions")}
      columns={["name", "calls", "errors", "errorRate", "p50", "p95", "reasons"].map((id) => ({
        id,
        name: t(`journeys.action.${id}`),
        isText: id === "reasons",
      }))}
      rows={actions.map((action) => ({
        id: action.nodeId,
        cells: {
          name: action.nodeName,
          calls: <Count value={action.executed} />,
          errors: <Count value={action.inError} />,
          errorRate: <Share value={action.errorRate} />,
          p50: action.p50Ms === null ? "–" : <FormattedNumber value={action.p50Ms} style="unit" unit="millisecond" />,
          p95: action.p95Ms === null ? "–" : <FormattedNumber value={action.p95Ms} style="unit" unit="millisecond" />,
          reasons: Object.entries(action.reasons)
            .map(([reason, count]) => `${reason} × ${count}`)
            .join(", "),
        },
      }))}
    />
  );
}

/** Why steps failed, people left early, and events were refused. */
export function ReasonTable({ figures }: { figures: Figures }) {
  const t = useT();
  const discards = Object.entries(figures.discards);
  if (figures.reasons.length === 0 && discards.length === 0) return <p>{t("journeys.reasons.none")}</p>;
  return (
    <FigureTable
      caption={t("journeys.tab.reasons")}
      columns={["where", "reason", "count"].map((id) => ({
        id,
        name: t(`journeys.reason.${id}`),
        isText: id === "reason",
      }))}
      rows={[
        ...figures.reasons.map((one) => ({
          id: `${one.nodeId} ${one.reason}`,
          cells: { where: one.nodeName, reason: one.reason, count: <Count value={one.count} /> },
        })),
        ...discards.map(([reason, count]) => ({
          id: reason,
          cells: { where: t("journeys.reason.entrance"), reason, count: <Count value={count} /> },
        })),
      ]}
    />
  );
}
