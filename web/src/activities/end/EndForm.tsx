import { useT } from "@/i18n/useT";
import { Note } from "../fields/Stack";

/** There is nothing to set: it gives a place where the journey ends its name. */
export function EndForm() {
  const t = useT();
  return <Note>{t("activities.end.help")}</Note>;
}
