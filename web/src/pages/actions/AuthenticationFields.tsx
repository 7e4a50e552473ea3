import { Flex, TextField } from "@adobe/react-spectrum";
import type { ReactNode } from "react";
import { Note, Part } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import type { AuthenticationDraft } from "./authentication";
import { ChoiceField } from "./ChoiceField";
import { AUTHENTICATIONS, LOCATIONS } from "./document";
import { type Faults, faultOf } from "./faults";
import { SecretField } from "./SecretField";
import { TokenCallFields } from "./TokenCallFields";

export interface AuthenticationProps {
  draft: AuthenticationDraft;
  onChange: (changed: Partial<AuthenticationDraft>) => void;
  faults: Faults;
  isReadOnly: boolean;
  /** What stands below, such as a trial. */
  children?: ReactNode;
}

/** How the call proves who makes it. */
export function AuthenticationFields(props: AuthenticationProps) {
  const { draft, onChange, faults, isReadOnly } = props;
  const t = useT();
  const shared = { faults, isReadOnly };
  return (
    <Part title={t("actions.part.authentication")}>
      <ChoiceField
        label={t("actions.auth.type")}
        choices={AUTHENTICATIONS}
        nameOf={(type) => t(`actions.auth.type.${type}`)}
        value={draft.type}
        onChange={(type) => onChange({ type })}
        place="authentication.type"
        {...shared}
      />
      {draft.type === "basic" && (
        <Flex wrap gap="size-100" alignItems="end">
          <TextField
            label={t("actions.auth.username")}
            value={draft.username}
            onChange={(username) => onChange({ username })}
            autoComplete="off"
            isReadOnly={isReadOnly}
            {...faultOf(faults, "authentication.username")}
          />
          <SecretField
            label={t("actions.auth.password")}
            value={draft.password}
            onChange={(password) => onChange({ password })}
            place="authentication.password"
            {...shared}
          />
        </Flex>
      )}
      {draft.type === "apiKey" && (
        <Flex wrap gap="size-100" alignItems="end">
          <TextField
            label={t("actions.auth.name")}
            value={draft.name}
            onChange={(name) => onChange({ name })}
            isReadOnly={isReadOnly}
            {...faultOf(faults, "authentication.name")}
          />
          <SecretField
            label={t("actions.auth.value")}
            value={draft.value}
            onChange={(value) => onChange({ value })}
            place="authentication.value"
            {...shared}
          />
          <ChoiceField
            label={t("actions.auth.location")}
            choices={LOCATIONS}
            nameOf={(location) => t(`actions.auth.place.${location}`)}
            value={draft.location}
            onChange={(location) => onChange({ location })}
            place="authentication.location"
            {...shared}
          />
        </Flex>
      )}
      {draft.type === "customAuthorization" && <TokenCallFields {...props} />}
      {draft.type !== "none" && <Note>{t("actions.secret.detail")}</Note>}
      {props.children}
    </Part>
  );
}
