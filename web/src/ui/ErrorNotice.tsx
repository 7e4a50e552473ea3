import { Button, Content, Heading, InlineAlert, Text } from "@adobe/react-spectrum";
import { ApiError } from "@/api/error";
import { useT } from "@/i18n/useT";

interface Props {
  error: unknown;
  onRetry?: () => void;
  /** What the caller knows better than the status tells. */
  kind?: Kind;
}

/** What happened, and how to mend it. */
export function ErrorNotice({ error, onRetry, kind: told }: Props) {
  const t = useT();
  const known = error instanceof ApiError ? error : null;
  const kind = told ?? kindOf(known);
  return (
    <div role="alert">
      <InlineAlert variant="negative">
        <Heading level={2}>{t(`common.error.${kind}.title`)}</Heading>
        <Content>
          <Text>
            {t(`common.error.${kind}.detail`)}{" "}
            {known?.detail ?? (error instanceof Error ? error.message : String(error))}
          </Text>
          {known !== null && known.faults.length > 0 && (
            <ul>
              {known.faults.map((fault) => (
                <li key={`${fault.nodeId}${fault.path}${fault.code}`}>
                  {fault.nodeId ? `${fault.nodeId}: ` : ""}
                  {fault.message} <small>({fault.code})</small>
                </li>
              ))}
            </ul>
          )}
          {known?.requestId && <small>{t("common.error.requestId", { id: known.requestId })}</small>}
          {onRetry && (
            <div>
              <Button variant="secondary" onPress={onRetry} marginTop="size-100">
                {t("common.retry")}
              </Button>
            </div>
          )}
        </Content>
      </InlineAlert>
    </div>
  );
}

type Kind = "offline" | "signedOut" | "denied" | "missing" | "conflict" | "invalid" | "busy" | "server" | "page";

function kindOf(error: ApiError | null): Kind {
  if (error === null) return "page";
  if (error.isOffline) return "offline";
  if (error.status === 401) return "signedOut";
  if (error.status === 403) return "denied";
  if (error.status === 404 || error.status === 410) return "missing";
  if (error.status === 409 || error.status === 412) return "conflict";
  if (error.status === 429 || error.status === 503) return "busy";
  return error.status >= 500 ? "server" : "invalid";
}
