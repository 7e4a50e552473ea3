import { useQuery } from "@tanstack/react-query";
import { send } from "@/api/client";
import type { JourneyDocument } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { DynamicValues } from "../fields/DynamicValues";
import { FieldRows } from "../fields/FieldRows";
import { ReferencePicker } from "../fields/ReferencePicker";
import { Note, Stack } from "../fields/Stack";
import type { FormProps } from "../kind";
import { withMembers } from "../members";
import { useReferences } from "../useReferences";
import { useSchemaFields } from "../useSchemaFields";
import { textOf } from "../ways";
import { rowsOf, toParameters } from "./jump";

/** Which journey, and what its first event holds. */
export function JumpForm(props: FormProps) {
  const { node, nodeId, document, onChange, isReadOnly } = props;
  const t = useT();
  const { journeys, events } = useReferences();
  const targetUid = textOf(node.targetJourneyUid);
  const target = journeys.find((one) => one.uid === targetUid);
  const { data: entry, error } = useQuery({
    queryKey: ["references", "entry", targetUid],
    queryFn: () => entryOf(targetUid),
    enabled: targetUid !== "",
    staleTime: 20_000,
  });
  const event = events.find((one) => one.uid === entry?.eventUid);
  const { fields } = useSchemaFields(event?.schemaRef.id);
  const seen = new Set(event?.fields ?? []);
  const offered = fields.filter(
    (field) => seen.has(field.pointer) || [...seen].some((pointer) => pointer.startsWith(`${field.pointer}/`)),
  );
  return (
    <Stack>
      <ReferencePicker
        label={t("activities.jump.target")}
        list="journeys"
        choices={journeys.map(({ uid, name, status }) => ({ id: uid, name, detail: status }))}
        value={targetUid}
        onChange={(uid) => onChange(withMembers(node, { targetJourneyUid: uid, parameters: undefined }))}
        isReadOnly={isReadOnly}
        href="/journeys"
        openHref={target && `/journeys/${target.uid}`}
      />
      {error !== null && <ErrorNotice error={error} />}
      {entry !== undefined && event === undefined && <Note>{t("activities.jump.noEvent")}</Note>}
      {event !== undefined && (
        <FieldRows
          title={t("activities.jump.fields", { name: event.name })}
          rootTitle={event.name}
          rows={rowsOf(node)}
          fields={offered}
          onChange={(rows) => onChange(withMembers(node, { parameters: toParameters(node, rows) }))}
          place={{ document, nodeId }}
          isReadOnly={isReadOnly}
          most={500}
        />
      )}
      <Note>{t("activities.jump.help")}</Note>
      <DynamicValues {...props} />
    </Stack>
  );
}

/** The first activity of the latest version of a journey. */
async function entryOf(journeyUid: string): Promise<{ eventUid: string | null }> {
  const answer = await send(`/journey/orchestration/journeys/${encodeURIComponent(journeyUid)}/latest`);
  const { document } = (await answer.json()) as { document: JourneyDocument };
  const node = document.nodes[document.entry.node];
  return { eventUid: node?.type === "event" ? textOf(node.eventUid) : null };
}
