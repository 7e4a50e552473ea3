import { Button } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { textOf } from "@/activities/ways";
import { call } from "@/api/call";
import { useMay } from "@/api/useSession";
import type { JourneyDocument } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { audiencesQuery } from "@/pages/audiences/audiences";
import { CodeArea } from "@/ui/CodeArea";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { audienceReadOf, readObject } from "./eventForm";
import { TestProfileField } from "./TestProfileField";
import styles from "./Trial.module.css";

interface Props {
  versionUid: string;
  document: JourneyDocument;
  /** `fields` or `payload` of the event that the journey begins with, nothing where it begins with none; null while it can't be read. */
  event: Record<string, unknown> | null;
}

/** Let one test profile enter a journey that reads an audience, without being in it. */
export function OneProfile({ versionUid, document, event }: Props) {
  const t = useT();
  const mayWrite = useMay("journeys.write");
  const audiences = useQuery(audiencesQuery);
  const [identity, setIdentity] = useState("");
  const [attributes, setAttributes] = useState("");
  const node = audienceReadOf(document);
  const audience = audiences.data?.find((one) => one.id === node?.audienceId);
  const namespace = textOf(node?.identityNamespace) || audience?.identityNamespace || "";
  const given = attributes.trim() === "" ? undefined : readObject(attributes);
  const trigger = useAct(
    () =>
      call("POST", `/journey/orchestration/journeyVersions/${encodeURIComponent(versionUid)}/trigger`, {
        body: { ...event, profileIdentifier: identity, ...(given ? { attributes: given } : {}) },
      }),
    { invalidates: [["trial", "log"]], done: t("trial.one.done"), showsError: true },
  );
  return (
    <div className={styles.form}>
      <TestProfileField namespace={namespace} value={identity} onChange={setIdentity} />
      <CodeArea
        label={t("trial.one.attributes")}
        description={t("trial.one.attributes.detail")}
        value={attributes}
        onChange={setAttributes}
        validationState={given === null ? "invalid" : undefined}
        errorMessage={t("trial.payload.invalid")}
        height="size-2000"
      />
      {trigger.error !== null && <ErrorNotice error={trigger.error} />}
      <Button
        variant="accent"
        isDisabled={!mayWrite || identity === "" || given === null || event === null}
        isPending={trigger.isPending}
        onPress={() => trigger.mutate()}
      >
        {t("trial.one.send")}
      </Button>
    </div>
  );
}
