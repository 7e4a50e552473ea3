import { useState } from "react";
import { useMay } from "@/api/useSession";
import { deleteFragment, type Fragment, setFragmentState } from "@/designer/fragments/fragments";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { RowMenu } from "@/ui/RowMenu";
import { useAct } from "@/ui/useAct";

/** What can be done with a fragment of the list. */
export function FragmentActions({ fragment }: { fragment: Fragment }) {
  const t = useT();
  const [isAsked, setAsked] = useState(false);
  const [mayWrite, mayPublish] = [useMay("journeys.write"), useMay("journeys.publish")];
  const mayDelete = useMay("journeys.delete");
  const { uid, name, state } = fragment;
  const invalidates = [["fragments"]];
  const turn = useAct((verb: "activate" | "deactivate" | "archive" | "unarchive") => setFragmentState(uid, verb), {
    invalidates,
    done: (_, verb) => t(`fragments.done.${verb}`, { name }),
  });
  const remove = useAct(() => deleteFragment(uid), { invalidates, done: t("fragments.done.delete", { name }) });
  const items = [
    { id: "activate", isOffered: mayPublish && state === "draft" },
    { id: "deactivate", isOffered: mayPublish && state === "active" },
    { id: "archive", isOffered: mayWrite && state === "active" },
    { id: "unarchive", isOffered: mayWrite && state === "archived" },
    { id: "delete", isOffered: mayDelete && state === "draft" },
  ] as const;
  return (
    <>
      <RowMenu
        name={name}
        items={items.map((one) => ({ ...one, name: t(`fragments.act.${one.id}`) }))}
        onAction={(id) => (id === "delete" ? setAsked(true) : turn.mutate(id))}
      />
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
