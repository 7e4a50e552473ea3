import { useT } from "@/i18n/useT";
import { ReferencePicker } from "../fields/ReferencePicker";
import { Note, Stack } from "../fields/Stack";
import type { FormProps } from "../kind";
import { withMembers } from "../members";
import { useReferences } from "../useReferences";
import { textOf } from "../ways";

/** Which business event. */
export function BusinessEventForm({ node, onChange, isReadOnly }: FormProps) {
  const t = useT();
  const { events } = useReferences();
  const business = events.filter((event) => event.type === "business");
  const chosen = business.find((event) => event.uid === node.eventUid);
  return (
    <Stack>
      <ReferencePicker
        label={t("activities.businessEvent.name")}
        list="events"
        choices={business.map(({ uid, name, description }) => ({ id: uid, name, detail: description }))}
        value={textOf(node.eventUid)}
        onChange={(eventUid) => onChange(withMembers(node, { eventUid }))}
        isReadOnly={isReadOnly}
        href="/events/new"
        openHref={chosen && `/events/${chosen.uid}`}
      />
      <Note>{t("activities.businessEvent.help")}</Note>
    </Stack>
  );
}
