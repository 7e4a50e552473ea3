import { ActionButton, Button, Flex, Text } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { call } from "@/api/call";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { Time } from "@/ui/Time";
import { useAct } from "@/ui/useAct";
import { browserOf } from "./browser";

interface SessionLine {
  id: string;
  isCurrent: boolean;
  createdAt: string;
  lastSeenAt: string;
  expiresAt: string;
  userAgent: string;
  address: string;
}

/** Browsers in which one is signed in. */
export function Sessions() {
  const t = useT();
  const sessions = useQuery({
    queryKey: ["account", "sessions"],
    queryFn: async () => (await call<{ sessions: SessionLine[] }>("GET", "/parcours/me/sessions")).sessions,
  });
  const end = useAct(
    (id: string | null) => call("DELETE", id === null ? "/parcours/me/sessions" : `/parcours/me/sessions/${id}`),
    { invalidates: [["account"]], done: t("account.done.ended") },
  );
  if (sessions.error) return <ErrorNotice error={sessions.error} onRetry={() => void sessions.refetch()} />;
  if (sessions.data === undefined) return <Loading />;
  return (
    <>
      <FigureTable
        stacks
        caption={t("account.sessions.title")}
        columns={["browser", "address", "seen", "begun", "actions"].map((id) => ({
          id,
          name: t(`account.sessions.${id}`),
          isText: true,
        }))}
        rows={sessions.data.map((one) => ({
          id: one.id,
          cells: {
            browser: browserOf(one.userAgent) || t("account.sessions.unknown"),
            address: one.address,
            seen: <Time value={one.lastSeenAt} />,
            begun: <Time value={one.createdAt} />,
            actions: one.isCurrent ? (
              <Text>{t("account.sessions.this")}</Text>
            ) : (
              <ActionButton
                aria-label={t("account.sessions.endOne", { browser: browserOf(one.userAgent) })}
                onPress={() => end.mutate(one.id)}
              >
                {t("account.sessions.end")}
              </ActionButton>
            ),
          },
        }))}
      />
      {sessions.data.length > 1 && (
        <Flex marginTop="size-150">
          <Button variant="secondary" isPending={end.isPending} onPress={() => end.mutate(null)}>
            {t("account.sessions.endOthers")}
          </Button>
        </Flex>
      )}
    </>
  );
}
