import { Button } from "@adobe/react-spectrum";
import { type ReactNode, useState } from "react";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Leave } from "@/ui/Leave";
import { Page } from "@/ui/Page";
import { Refused } from "@/ui/Refused";

interface Props {
  /** What `useEdited` gives. */
  edited: {
    uid: string | null;
    draft: { name: string };
    isDirty: boolean;
    isSaving: boolean;
    save: () => void;
    remove: () => void;
  };
  title: string;
  description?: ReactNode;
  /** Of a button that saves: what it says, and how it looks beside others. */
  saving: { label: string; variant: "accent" | "primary" };
  mayWrite: boolean;
  mayDelete: boolean;
  isUsed?: boolean;
  /** Whether what is needed is filled in. */
  isWhole?: boolean;
  /** What is lost with it. */
  deleteDetail: string;
  /** What stands in the way of deleting it: told instead of the question, where the button is not disabled. */
  inTheWay?: ReactNode;
  /** Buttons between those that delete and save, and after them. */
  actions?: ReactNode;
  lastActions?: ReactNode;
  error: unknown;
  children: ReactNode;
}

/** The page on which something stored is edited, saved and deleted; left with a question while it is not saved. */
export function EditorFrame(props: Props) {
  const { edited, saving, actions, lastActions, error, isWhole = true, inTheWay } = props;
  const t = useT();
  const [isAsked, setAsked] = useState(false);
  return (
    <Page
      title={props.title}
      description={props.description}
      actions={
        <>
          {edited.uid !== null && props.mayDelete && (
            <Button variant="negative" isDisabled={props.isUsed} onPress={() => setAsked(true)}>
              {t("common.delete")}
            </Button>
          )}
          {actions}
          {props.mayWrite && (
            <Button
              variant={saving.variant}
              isDisabled={!edited.isDirty || !isWhole}
              isPending={edited.isSaving}
              onPress={edited.save}
            >
              {saving.label}
            </Button>
          )}
          {lastActions}
        </>
      }
    >
      {error ? <ErrorNotice error={error} /> : null}
      {props.children}
      <Asked
        isOpen={isAsked && !inTheWay}
        title={t("common.delete.title", { name: edited.draft.name })}
        confirm={t("common.delete")}
        onConfirm={edited.remove}
        onClose={() => setAsked(false)}
      >
        {props.deleteDetail}
      </Asked>
      <Refused
        isOpen={isAsked && Boolean(inTheWay)}
        title={t("common.delete.refused", { name: edited.draft.name })}
        onClose={() => setAsked(false)}
      >
        {inTheWay}
      </Refused>
      <Leave isDirty={edited.isDirty} />
    </Page>
  );
}
