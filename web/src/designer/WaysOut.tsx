import { Flex, Heading, Item, Picker } from "@adobe/react-spectrum";
import { KINDS } from "@/activities/registry";
import type { JourneyNode, NodeId } from "@/flow/document";
import { handleOf } from "@/flow/graph";
import { lead, leadsOf } from "@/flow/ways";
import { useT } from "@/i18n/useT";
import { useDraft, useDraftStore } from "./draftContext";
import { mayFollow } from "./kinds";
import { spokenTitle } from "./labels";
import { useNamesOf } from "./namesContext";

interface Props {
  id: NodeId;
  node: JourneyNode;
}

const NOWHERE = "#nowhere";

/** Where the ways out of an activity lead: what is drawn with the mouse, for those who have none. */
export function WaysOut({ id, node }: Props) {
  const t = useT();
  const names = useNamesOf();
  const store = useDraftStore();
  const document = useDraft((draft) => draft.document);
  const ways = KINDS[node.type].ways(node, t);
  if (ways.length === 0) return null;

  const choose = (handle: string, old: NodeId | null, key: string) => {
    const { document: now, change } = store.getState();
    change(lead(now, id, handle, old, key === NOWHERE ? null : key));
  };
  const nameOf = (to: NodeId) => spokenTitle(to, document.nodes[to] ?? node, names, t);
  return (
    <section>
      <Heading level={3}>{t("designer.leads")}</Heading>
      <Flex direction="column" gap="size-100">
        {ways.map((way) => {
          const handle = handleOf(way.kind, way.path);
          const name = way.label || t("designer.way.on");
          return leadsOf(document, id, handle, mayFollow).map(({ to, choices }, at) => (
            <Picker
              key={`${handle} ${to ?? NOWHERE}`}
              width="100%"
              label={at === 0 ? name : t("designer.leads.also", { way: name })}
              selectedKey={to ?? NOWHERE}
              onSelectionChange={(key) => key !== null && choose(handle, to, String(key))}
            >
              {[NOWHERE, ...choices].map((key) => (
                <Item key={key}>{key === NOWHERE ? t("designer.leads.nowhere") : nameOf(key)}</Item>
              ))}
            </Picker>
          ));
        })}
      </Flex>
    </section>
  );
}
