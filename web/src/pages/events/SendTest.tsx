import { Button, Content, Flex, Heading, InlineAlert } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CodeArea } from "@/ui/CodeArea";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { useAct } from "@/ui/useAct";
import { payloadQuery, sendEvent } from "./events";

/** Sends one real event from its message, filled with values that pass validation. */
export function SendTest({ uid }: { uid: string }) {
  const t = useT();
  const mayWrite = useMay("journeys_events.write");
  const example = useQuery({ ...payloadQuery(uid, "examples"), staleTime: Number.POSITIVE_INFINITY });
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? JSON.stringify(example.data, null, 2);
  const send = useAct((payload: unknown) => sendEvent(uid, payload), { invalidates: [], showsError: true });
  if (example.error) return <ErrorNotice error={example.error} onRetry={() => void example.refetch()} />;
  if (example.data === undefined) return <Loading />;
  const isJson = isValid(text);
  const renew = async () => {
    await example.refetch();
    setTyped(null);
    send.reset();
  };
  return (
    <Flex direction="column" gap="size-150">
      <CodeArea
        label={t("events.send.message")}
        description={t("events.send.real")}
        errorMessage={t("events.send.notJson")}
        validationState={isJson ? undefined : "invalid"}
        value={text}
        onChange={setTyped}
        isReadOnly={!mayWrite}
        height="size-4600"
      />
      {send.error && <ErrorNotice error={send.error} />}
      {send.data && (
        <InlineAlert variant="positive">
          <Heading level={2}>{t("events.send.sent")}</Heading>
          <Content>{t("events.send.sentDetail", { id: send.data._id })}</Content>
        </InlineAlert>
      )}
      <Flex gap="size-100" wrap>
        <Button
          variant="accent"
          isDisabled={!mayWrite || !isJson}
          isPending={send.isPending}
          onPress={() => send.mutate(JSON.parse(text))}
        >
          {t("events.send.act")}
        </Button>
        <Button variant="secondary" onPress={() => void renew()}>
          {t("events.send.renew")}
        </Button>
      </Flex>
    </Flex>
  );
}

function isValid(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
