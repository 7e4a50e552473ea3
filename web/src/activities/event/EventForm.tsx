import { useT } from "@/i18n/useT";
import { ReferencePicker } from "../fields/ReferencePicker";
import { Note, Stack } from "../fields/Stack";
import { TimeoutField } from "../fields/TimeoutField";
import type { FormProps } from "../kind";
import { withMembers } from "../members";
import { useReferences } from "../useReferences";
import { textOf } from "../ways";

/** Which event, and how long it is waited for. */
export function EventForm(props: FormProps) {
  const { node, onChange, isReadOnly, document, nodeId } = props;
  const t = useT();
  const { events } = useReferences();
  const unitary = events.filter((event) => event.type !== "business");
  const chosen = unitary.find((event) => event.uid === node.eventUid);
  return (
    <Stack>
      <ReferencePicker
        label={t("activities.event.name")}
        list="events"
        choices={unitary.map(({ uid, name, description }) => ({ id: uid, name, detail: description }))}
        value={textOf(node.eventUid)}
        onChange={(eventUid) => onChange(withMembers(node, { eventUid }))}
        isReadOnly={isReadOnly}
        href="/events/new"
        openHref={chosen && `/events/${chosen.uid}`}
      />
      {chosen?.namespace && <Note>{t("activities.event.namespace", { namespace: chosen.namespace })}</Note>}
      {document.entry.node !== nodeId && <Note>{t("activities.event.inside")}</Note>}
      <TimeoutField {...props} />
    </Stack>
  );
}
