import {
  ActionButton,
  Button,
  ButtonGroup,
  Content,
  Dialog,
  DialogTrigger,
  Divider,
  Heading,
  Text,
} from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useDraft, useDraftStore } from "./draftContext";
import styles from "./SaveStatus.module.css";

/** How far the draft is saved and, when somebody else changed the same, the choice between both. */
export function SaveStatus({ onRetry }: { onRetry: () => void }) {
  const t = useT();
  const save = useDraft((draft) => draft.save);
  const isReadOnly = useDraft((draft) => draft.isReadOnly);
  if (isReadOnly) return <span className={styles.text}>{t("designer.save.readOnly")}</span>;
  if (save.kind === "failed") {
    return (
      <DialogTrigger type="popover">
        <ActionButton isQuiet UNSAFE_className={styles.failed}>
          {t("designer.save.failed")}
        </ActionButton>
        <Dialog>
          <Heading>{t("designer.save.failed")}</Heading>
          <Divider />
          <Content>
            <Text>{t("designer.save.kept")}</Text>
            <ErrorNotice error={save.error} onRetry={onRetry} />
          </Content>
        </Dialog>
      </DialogTrigger>
    );
  }
  if (save.kind === "conflict") return <Conflict />;
  return (
    <span className={styles.text} role="status" data-testid="save-state" data-state={save.kind}>
      {t(`designer.save.${save.kind}`)}
    </span>
  );
}

/** Both changed the same: nothing is overwritten until one is chosen, and the other stays in the history. */
function Conflict() {
  const t = useT();
  const store = useDraftStore();
  const save = useDraft((draft) => draft.save);
  if (save.kind !== "conflict") return null;
  const { theirs, etag, paths } = save;
  const decide = (takeTheirs: boolean) => {
    store.getState().adopt(theirs, etag, takeTheirs ? theirs : undefined);
    store.getState().setSave({ kind: takeTheirs ? "saved" : "unsaved" });
  };
  return (
    <DialogTrigger type="modal" defaultOpen>
      <ActionButton isQuiet UNSAFE_className={styles.failed}>
        {t("designer.save.conflict")}
      </ActionButton>
      {(close) => (
        <Dialog>
          <Heading>{t("designer.save.conflict")}</Heading>
          <Divider />
          <Content>
            <Text>{t("designer.save.conflict.detail")}</Text>
            <ul className={styles.paths}>
              {paths.map((path) => (
                <li key={path}>
                  <code>{path}</code>
                </li>
              ))}
            </ul>
            <ButtonGroup>
              <Button
                variant="secondary"
                onPress={() => {
                  decide(true);
                  close();
                }}
              >
                {t("designer.save.theirs")}
              </Button>
              <Button
                variant="accent"
                onPress={() => {
                  decide(false);
                  close();
                }}
              >
                {t("designer.save.ours")}
              </Button>
            </ButtonGroup>
          </Content>
        </Dialog>
      )}
    </DialogTrigger>
  );
}
