import { ActionMenu, Item } from "@adobe/react-spectrum";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { deleteFragment, type Fragment, setFragmentState } from "@/designer/fragments/fragments";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { useAct } from "@/ui/useAct";

/** What can be done with a fragment of the list. */
export function FragmentActions({ fragment }: { fragment: Fragment }) {
  const t = useT();
  const [isAsked, setAsked] = useState(false);
  const [mayPublish, mayDelete] = [useMay("journeys.publish"), useMay("journeys.delete")];
  const { uid, name, state } = fragment;
  const invalidates = [["fragments"]];
  const turn = useAct((verb: "activate" | "deactivate") => setFragmentState(uid, verb), {
    invalidates,
    done: (_, verb) => t(`fragments.done.${verb}`, { name }),
  });
  const remove = useAct(() => deleteFragment(uid), { invalidates, done: t("fragments.done.delete", { name }) });
  const offered = [
    { id: "activate", isOffered: mayPublish && state === "draft" },
    { id: "deactivate", isOffered: mayPublish && state === "active" },
    { id: "delete", isOffered: mayDelete },
  ].filter((one) => one.isOffered);
  if (offered.length === 0) return null;
  return (
    <>
      <ActionMenu
        isQuiet
        aria-label={t("common.actionsOf", { name })}
        items={offered}
        onAction={(key) => {
          if (key === "activate" || key === "deactivate") turn.mutate(key);
          else setAsked(true);
        }}
      >
        {(item) => <Item>{t(`fragments.act.${item.id}`)}</Item>}
      </ActionMenu>
      <Asked
        isOpen={isAsked}
        title={t("fragments.delete.title", { name })}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsked(false)}
      >
        {t("fragments.delete.detail")}
      </Asked>
    </>
  );
}
