import { Content, Heading, InlineAlert, Item, Picker, TextField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { Part } from "@/activities/fields/Stack";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { namespacesQuery } from "./channels";
import type { Sample } from "./draft";
import { PreviewMessage } from "./PreviewMessage";
import { SourceField } from "./SourceField";
import styles from "./Template.module.css";
import type { Previewed } from "./templates";

interface Props {
  shown: Previewed | undefined;
  error: Error | null;
  /** Nothing can be shown yet. */
  isIncomplete: boolean;
  sample: Sample;
  isSampleValid: boolean;
  onSample: (sample: Sample) => void;
}

const NONE = "";

/** The message for a sample, as the server makes it; the last one stays while a text has a fault. */
export function Preview({ shown, error, isIncomplete, sample, isSampleValid, onSample }: Props) {
  const t = useT();
  return (
    <section aria-label={t("templates.preview")} className={styles.fields}>
      <Heading level={2} margin={0}>
        {t("templates.preview")}
      </Heading>
      {error && <ErrorNotice error={error} />}
      {isIncomplete && <p>{t("templates.preview.incomplete")}</p>}
      {!isIncomplete && shown === undefined && error === null && isSampleValid && <Loading />}
      {shown !== undefined && !isIncomplete && <PreviewMessage message={shown} />}
      {shown !== undefined && shown.missing.length > 0 && (
        <InlineAlert variant="notice">
          <Heading level={2}>{t("templates.preview.missing")}</Heading>
          <Content>
            <code className={styles.missing}>{shown.missing.join(", ")}</code>
          </Content>
        </InlineAlert>
      )}
      <Part title={t("templates.sample")}>
        <StoredProfile sample={sample} onSample={onSample} />
        <SourceField
          label={t("templates.sample.values")}
          description={t("templates.sample.detail")}
          value={sample.text}
          onChange={(text) => onSample({ ...sample, text })}
          language="json"
          errorMessage={isSampleValid ? undefined : t("templates.sample.notJson")}
          isShort
        />
      </Part>
    </section>
  );
}

function StoredProfile({ sample, onSample }: { sample: Sample; onSample: (sample: Sample) => void }) {
  const t = useT();
  const mayRead = useMay("profiles.read");
  const namespaces = useQuery({ ...namespacesQuery, enabled: mayRead });
  if (!mayRead) return null;
  return (
    <div className={styles.row}>
      <Picker
        width="size-3000"
        label={t("templates.sample.namespace")}
        items={[{ code: NONE, name: t("templates.sample.noProfile") }, ...(namespaces.data ?? [])]}
        selectedKey={sample.namespace}
        onSelectionChange={(key) => onSample({ ...sample, namespace: String(key) })}
      >
        {(item) => <Item key={item.code}>{item.name}</Item>}
      </Picker>
      <TextField
        label={t("templates.sample.id")}
        value={sample.id}
        onChange={(id) => onSample({ ...sample, id })}
        isDisabled={sample.namespace === NONE}
        autoComplete="off"
      />
    </div>
  );
}
