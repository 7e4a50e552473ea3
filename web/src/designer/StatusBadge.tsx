import { useT } from "@/i18n/useT";
import { Light } from "@/ui/Light";
import type { Status } from "./version";

const VARIANT = {
  Draft: "neutral",
  Testing: "yellow",
  "In Review": "purple",
  "Dry Run": "notice",
  Deployed: "positive",
  Paused: "notice",
  Closed: "info",
  Stopped: "negative",
  Finished: "neutral",
} as const;

/** The status of a version, in colour and in words. */
export function StatusBadge({ status }: { status: Status }) {
  const t = useT();
  return <Light tone={VARIANT[status]}>{t(`designer.status.${status.replace(" ", "")}`)}</Light>;
}
