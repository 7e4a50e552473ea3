import { Heading, Text } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Light } from "@/ui/Light";
import { Loading } from "@/ui/Loading";
import { Time } from "@/ui/Time";
import panel from "../Panel.module.css";
import { PanelHead } from "../PanelHead";
import styles from "./Review.module.css";
import { type Approval, type ApprovalRequest, approvalQuery } from "./review";

const TONES = { open: "notice", approved: "positive", changesRequested: "negative", canceled: "neutral" } as const;

/** Who approves a version, what was requested, and what was decided. */
export function ReviewPanel({ versionUid, onClose }: { versionUid: string; onClose: () => void }) {
  const t = useT();
  const { data, error, refetch } = useQuery(approvalQuery(versionUid));
  return (
    <aside className={panel.panel} aria-label={t("approvals.panel")}>
      <PanelHead title={t("approvals.panel")} onClose={onClose} />
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined && !error && <Loading />}
      {data !== undefined && (
        <>
          <div className={styles.part}>
            <Text>{t(standing(data))}</Text>
            {data.reason !== null && <Text>{t(`approvals.reason.${data.reason}`)}</Text>}
          </div>
          <Policies approval={data} />
          {data.requests.length > 0 && (
            <section className={styles.part} aria-label={t("approvals.history")}>
              <Heading level={3} margin={0}>
                {t("approvals.history")}
              </Heading>
              <ul className={styles.list}>
                {data.requests.map((request) => (
                  <li key={request.uid}>
                    <OneRequest request={request} />
                  </li>
                ))}
              </ul>
            </section>
          )}
        </>
      )}
    </aside>
  );
}

function standing(approval: Approval): string {
  if (approval.request !== null) return approval.mayApprove ? "approvals.waits.mine" : "approvals.waits";
  return approval.needed ? "approvals.needed" : "approvals.notNeeded";
}

function Policies({ approval }: { approval: Approval }) {
  const t = useT();
  if (approval.policies.length === 0) return null;
  return (
    <section className={styles.part} aria-label={t("approvals.policies")}>
      <Heading level={3} margin={0}>
        {t("approvals.policies")}
      </Heading>
      <ul className={styles.list}>
        {approval.policies.map((policy) => (
          <li key={policy.uid}>
            <strong>{policy.name}</strong>
            {approval.request !== null && (
              <Light tone={policy.isApproved ? "positive" : "notice"}>
                {t(policy.isApproved ? "approvals.given" : "approvals.missing")}
              </Light>
            )}
            <p className={styles.who}>
              {policy.approvers.length === 0
                ? t("approvals.nobody")
                : t("approvals.by", { names: policy.approvers.map((one) => one.name).join(", ") })}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function OneRequest({ request }: { request: ApprovalRequest }) {
  const t = useT();
  return (
    <>
      <Light tone={TONES[request.state]}>{t(`approvals.state.${request.state}`)}</Light>
      {request.comment !== "" && <p>{request.comment}</p>}
      <span className={styles.who}>
        {t("approvals.requestedBy", { who: request.requestedBy })} · <Time value={request.requestedAt} />
      </span>
      {request.decisions.length > 0 && (
        <ul className={styles.decisions}>
          {request.decisions.map((one) => (
            <li key={one.at + one.by}>
              <strong>{t(`approvals.verdict.${one.verdict}`)}</strong>
              {one.comment !== "" && <p>{one.comment}</p>}
              <span className={styles.who}>
                {one.by} · <Time value={one.at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
