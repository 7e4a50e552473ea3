import { Button, ButtonGroup, Content, Dialog, DialogContainer, Divider, Heading } from "@adobe/react-spectrum";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
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
    <DialogContainer onDismiss={onClose}>
      {isOpen && (
        <Dialog>
          <Heading>{t("actions.delete.refused", { name })}</Heading>
          <Divider />
          <Content>
            <UsedBy uid={uid} />
          </Content>
          <ButtonGroup>
            <Button variant="secondary" onPress={onClose} autoFocus>
              {t("common.close")}
            </Button>
          </ButtonGroup>
        </Dialog>
      )}
    </DialogContainer>
  );
}
