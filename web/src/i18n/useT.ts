import { useCallback } from "react";
import { type PrimitiveType, useIntl } from "react-intl";

/** The text of a message id in the locale in use: `t("journeys.title")`, `t("journeys.count", { count: 3 })`. */
export function useT(): (id: string, values?: Record<string, PrimitiveType>) => string {
  const { formatMessage } = useIntl();
  return useCallback((id, values) => formatMessage({ id }, values), [formatMessage]);
}
