import { useT } from "@/i18n/useT";
import { Light } from "@/ui/Light";
import { STATUSES, statusId } from "./journey";

const TONES: Record<string, "neutral" | "info" | "positive" | "notice" | "negative" | "seafoam" | "purple"> = {
  Draft: "neutral",
  Testing: "info",
  "In Review": "purple",
  "Dry Run": "purple",
  Deployed: "positive",
  Paused: "notice",
  Closed: "seafoam",
  Stopped: "negative",
  Finished: "neutral",
};

/** A version's status, by a light and in words. */
export function JourneyStatus({ status }: { status: string }) {
  const t = useT();
  const known = STATUSES.find((one) => one === status);
  return (
    <Light tone={TONES[status] ?? "neutral"}>
      {known === undefined ? status : t(`journeys.status.${statusId(known)}`)}
    </Light>
  );
}
