import { useIntl } from "react-intl";
import { useT } from "@/i18n/useT";
import { useReferences } from "../useReferences";
import { ReferencePicker } from "./ReferencePicker";

interface Props {
  value: string;
  onChange: (id: string) => void;
  isReadOnly: boolean;
}

/** An audience, with its namespace and how many are in it. */
export function AudiencePicker({ value, onChange, isReadOnly }: Props) {
  const t = useT();
  const { formatNumber } = useIntl();
  const { audiences } = useReferences();
  return (
    <ReferencePicker
      label={t("activities.audience")}
      list="audiences"
      choices={audiences.map(({ id, name, identityNamespace = "", metrics }) => ({
        id,
        name,
        detail: t("activities.audience.detail", {
          namespace: identityNamespace,
          count: metrics?.totalProfiles ?? 0,
          shown: formatNumber(metrics?.totalProfiles ?? 0),
        }),
      }))}
      value={value}
      onChange={onChange}
      isReadOnly={isReadOnly}
      href={null}
    />
  );
}
