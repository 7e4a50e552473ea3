import type { JourneyDocument } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { textOf } from "../ways";
import { Note } from "./Stack";

/** In which zone times are read. */
export function ZoneNote({ document }: { document: JourneyDocument }) {
  const t = useT();
  const zone = textOf(document.timeZone) || "UTC";
  return (
    <Note>{t(document.useProfileTimeZone === true ? "activities.zone.profile" : "activities.zone", { zone })}</Note>
  );
}
