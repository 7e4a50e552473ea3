import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { Refused } from "@/ui/Refused";
import { useAct } from "@/ui/useAct";
import { type Action, actionQuery, deleteAction } from "./actions";
import { UsedBy } from "./UsedBy";

interface Props {
  action: Action;
  isOpen: boolean;
  onClose: () => void;
}

/** Asks before an action is deleted; names the journeys that stand in the way. */
export function DeleteAction({ action, isOpen, onClose }: Props) {
  const t = useT();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { uid, name } = action;
  const remove = useAct(() => deleteAction(uid), {
    invalidates: [["actions", "list"], ["references"]],
    done: t("actions.deleted"),
    onDone: () => {
      void navigate({ to: "/actions", search: {} }).then(() =>
        queries.removeQueries({ queryKey: actionQuery(uid).queryKey }),
      );
    },
  });
  if (action.usedIn === 0) {
    return (
      <Asked
        isOpen={isOpen}
        title={t("actions.delete.title", { name })}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={onClose}
      >
        {t("actions.delete.detail")}
      </Asked>
    );
  }
  return (
    <Refused isOpen={isOpen} title={t("actions.delete.refused", { name })} onClose={onClose}>
      <UsedBy uid={uid} />
    </Refused>
  );
}
