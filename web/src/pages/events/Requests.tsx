import { Flex, Heading } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useT } from "@/i18n/useT";
import { Code } from "@/ui/Code";
import { CopyButton } from "@/ui/CopyButton";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { requestsQuery } from "./events";

/** How to send the event to each inlet that takes it. */
export function Requests({ uid }: { uid: string }) {
  const t = useT();
  const { data, error, refetch } = useQuery(requestsQuery(uid));
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  if (data.length === 0)
    return <Empty kind="events" title={t("events.requests.empty")} detail={t("events.requests.emptyDetail")} />;
  return data.map((request) => {
    const name = typeof request.inlet === "string" ? request.inlet : (request.inlet.name ?? request.url);
    return (
      <div key={request.flowId}>
        <Flex wrap alignItems="center" justifyContent="space-between" gap="size-100">
          <Heading level={2}>{name}</Heading>
          <CopyButton text={request.curl} label={t("events.copyCurl")} isQuiet={false} />
        </Flex>
        <Code isCopyable={false} value={request.curl} label={name} />
      </div>
    );
  });
}
