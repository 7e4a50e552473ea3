import { Button, ButtonGroup, Content, Dialog, Divider, Flex, Heading } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CopyButton } from "@/ui/CopyButton";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Facts } from "@/ui/Facts";
import { Loading } from "@/ui/Loading";
import { Time } from "@/ui/Time";
import styles from "./FailedDialog.module.css";
import { failedRecordQuery } from "./failed";

interface Props {
  id: number;
  flowName: (id: string) => string;
  datasetName: (id: string) => string;
  onAct: (kind: "retry" | "giveUp") => void;
}

/** One failed record: why, and what was sent. */
export function FailedDialog({ id, flowName, datasetName, onAct }: Props) {
  const t = useT();
  const found = useQuery(failedRecordQuery(id));
  const [mayRetry, mayGiveUp] = [useMay("sources.write"), useMay("sources.delete")];
  const [isSure, setSure] = useState(false);
  const record = found.data;
  const body = JSON.stringify(record?.body, null, 2) ?? "";
  return (
    <Dialog isDismissable size="L">
      <Heading>{t("operations.record.title", { id })}</Heading>
      <Divider />
      <Content>
        {found.error && <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />}
        {found.isPending && <Loading />}
        {record && (
          <>
            <ul className={styles.errors}>
              {record.errors.map((error) => (
                <li key={`${error.pointerToViolation} ${error.message}`}>
                  <code>{error.pointerToViolation}</code> {error.message}
                </li>
              ))}
            </ul>
            <Facts
              facts={[
                [t("operations.record.code"), record.code],
                [t("operations.failed.flow"), flowName(record.flowId)],
                [t("operations.failed.dataset"), datasetName(record.datasetId)],
                [t("operations.record.received"), <Time key="received" value={record.receivedTimeMs} />],
                [t("operations.failed.at"), <Time key="failed" value={record.failedTimeMs} />],
                [t("operations.failed.attempts"), String(record.attempts)],
                [t("operations.record.transaction"), record.xactionId],
              ]}
            />
            <Flex alignItems="center" justifyContent="space-between" marginTop="size-200">
              <Heading level={3} margin={0}>
                {t("operations.record.body")}
              </Heading>
              <CopyButton text={body} />
            </Flex>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
            <section className={styles.body} aria-label={t("operations.record.body")} tabIndex={0}>
              <pre>{body}</pre>
            </section>
            <ButtonGroup marginTop="size-200">
              <Button variant="accent" isDisabled={!mayRetry} onPress={() => onAct("retry")}>
                {t("operations.act.retry")}
              </Button>
              <Button
                variant="negative"
                isDisabled={!mayGiveUp}
                onPress={() => (isSure ? onAct("giveUp") : setSure(true))}
              >
                {t(isSure ? "operations.act.giveUpSure" : "operations.act.giveUp")}
              </Button>
            </ButtonGroup>
          </>
        )}
      </Content>
    </Dialog>
  );
}
