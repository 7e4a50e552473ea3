import { Button, Content, Heading, InlineAlert, Text } from "@adobe/react-spectrum";
import { ApiError } from "@/api/error";
import { useT } from "@/i18n/useT";
import { type ErrorKind, errorKind } from "./errorKind";
import { useFaultText } from "./useFaultText";

interface Props {
  error: unknown;
  onRetry?: () => void;
  /** What the caller knows better than the status tells. */
  kind?: ErrorKind;
}

/** What happened, and how to mend it. */
export function ErrorNotice({ error, onRetry, kind: told }: Props) {
  const t = useT();
  const faultText = useFaultText();
  const known = error instanceof ApiError ? error : null;
  const kind = told ?? errorKind(known);
  return (
    <div role="alert">
      <InlineAlert variant="negative">
        <Heading level={2}>{t(`common.error.${kind}.title`)}</Heading>
        <Content>
          <Text>
            {t(`common.error.${kind}.detail`)}{" "}
            {known ? faultText(known.detail) : error instanceof Error ? error.message : String(error)}
          </Text>
          {known !== null && known.faults.length > 0 && (
            <ul>
              {known.faults.map((fault) => (
                <li key={`${fault.nodeId}${fault.path}${fault.code}`}>
                  {fault.nodeId ? `${fault.nodeId}: ` : ""}
                  {faultText(fault.message)} <small>({fault.code})</small>
                </li>
              ))}
            </ul>
          )}
          {known?.requestId && (
            <div>
              <small>{t("common.error.requestId", { id: known.requestId })}</small>
            </div>
          )}
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
