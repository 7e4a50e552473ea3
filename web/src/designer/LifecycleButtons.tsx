import { AlertDialog, Button, DialogContainer, ToastQueue } from "@adobe/react-spectrum";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "@/api/error";
import { may } from "@/api/session";
import { useSession } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ACTS, act, type Verb } from "./lifecycle";
import { ReviewButtons } from "./review/ReviewButtons";
import { approvalQuery, offered } from "./review/review";
import { type JourneyVersion, versionQuery } from "./version";

interface Props {
  version: JourneyVersion;
  /** Bring the draft to the server first. */
  beforeAct: () => Promise<void>;
  onFaults: () => void;
}

/** Publish, test, pause, stop …: what the version's status allows and the person may do. */
export function LifecycleButtons({ version, beforeAct, onFaults }: Props) {
  const t = useT();
  const session = useSession();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Verb | null>(null);
  const [busy, setBusy] = useState<Verb | null>(null);
  const mayWrite = may(session, "journeys.write");
  const isUnpublished = version.status === "Draft" || version.status === "In Review";
  const approval = useQuery({ ...approvalQuery(version.uid), enabled: isUnpublished });
  const steps = offered(version.status, approval.data, { mayWrite, mayPublish: may(session, "journeys.publish") });
  const reviews = steps.filter((step) => step !== "publish");
  const acts = ACTS[version.status].filter(
    ({ verb, permission }) => may(session, permission) && (verb !== "publish" || steps.includes(verb)),
  );

  const run = async (verb: Verb) => {
    setAsked(null);
    setBusy(verb);
    try {
      await beforeAct();
      await act(version.uid, verb);
      ToastQueue.positive(t(`designer.did.${verb}`), { timeout: 5_000 });
      await queries.invalidateQueries({ queryKey: versionQuery(version.uid).queryKey });
      void queries.invalidateQueries({ queryKey: ["journeys"] });
    } catch (error) {
      if (error instanceof ApiError && error.faults.length > 0) onFaults();
      void queries.invalidateQueries({ queryKey: approvalQuery(version.uid).queryKey }); // a policy may be new
      ToastQueue.negative(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(null);
    }
  };

  return (
    <>
      {reviews.length > 0 && (
        <ReviewButtons
          version={version}
          verbs={reviews}
          requestUid={approval.data?.request?.uid}
          beforeAct={beforeAct}
          onFaults={onFaults}
        />
      )}
      {acts.map(({ verb, isGrave }, index) => (
        <Button
          key={verb}
          variant={isGrave ? "negative" : index === 0 ? "accent" : "secondary"}
          style={index === 0 ? "fill" : "outline"}
          isPending={busy === verb}
          isDisabled={busy !== null && busy !== verb}
          onPress={() => setAsked(verb)}
        >
          {t(`designer.do.${verb}`)}
        </Button>
      ))}
      <DialogContainer onDismiss={() => setAsked(null)}>
        {asked !== null && (
          <AlertDialog
            title={t(`designer.ask.${asked}.title`)}
            variant={asked === "stop" ? "destructive" : "confirmation"}
            primaryActionLabel={t(`designer.do.${asked}`)}
            cancelLabel={t("designer.cancel")}
            onPrimaryAction={() => void run(asked)}
          >
            {t(`designer.ask.${asked}.detail`)}
          </AlertDialog>
        )}
      </DialogContainer>
    </>
  );
}
