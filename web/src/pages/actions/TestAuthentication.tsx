import { Button } from "@adobe/react-spectrum";
import { Note } from "@/activities/fields/Stack";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { type Action, testAuthentication } from "./actions";
import { TriedToken } from "./TriedToken";

interface Props {
  action: Action;
  /** What is written is not what is stored, and what is stored is tried. */
  isChanged: boolean;
}

/** Makes the token call of a stored action alone, now. */
export function TestAuthentication({ action, isChanged }: Props) {
  const t = useT();
  const mayWrite = useMay("journeys_actions.write");
  const token = useAct(() => testAuthentication(action.uid), { invalidates: [], showsError: true });
  if (action.authentication?.type !== "customAuthorization") return null;
  return (
    <div>
      <Button variant="secondary" isDisabled={!mayWrite} isPending={token.isPending} onPress={() => token.mutate()}>
        {t("actions.token.test")}
      </Button>
      <Note>{t(isChanged ? "actions.token.unsaved" : "actions.token.detail")}</Note>
      <section aria-live="polite" aria-label={t("actions.token.test")}>
        {token.error && <ErrorNotice error={token.error} />}
        {token.data && !token.isPending && <TriedToken tried={token.data} />}
      </section>
    </div>
  );
}
