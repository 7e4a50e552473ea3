import { Flex, NumberField, TextField } from "@adobe/react-spectrum";
import { Note } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import type { AuthenticationProps } from "./AuthenticationFields";
import { ChoiceField } from "./ChoiceField";
import { BODY_TYPES, CACHES, TIME_UNITS, TOKEN_METHODS, TOKEN_PLACES } from "./document";
import { faultOf } from "./faults";
import { SecretRows } from "./SecretRows";

const AT = "authentication";

/** The call that fetches a token, and where the token goes. */
export function TokenCallFields({ draft, onChange, faults, isReadOnly }: AuthenticationProps) {
  const t = useT();
  const shared = { faults, isReadOnly };
  return (
    <>
      <Flex wrap gap="size-100" alignItems="end">
        <ChoiceField
          label={t("actions.column.method")}
          choices={TOKEN_METHODS}
          nameOf={(method) => method}
          value={draft.method}
          onChange={(method) => onChange({ method })}
          place={`${AT}.method`}
          {...shared}
        />
        <TextField
          label={t("actions.token.endpoint")}
          type="url"
          value={draft.endpoint}
          onChange={(endpoint) => onChange({ endpoint })}
          isReadOnly={isReadOnly}
          width="size-5000"
          maxWidth="100%"
          {...faultOf(faults, `${AT}.endpoint`)}
        />
      </Flex>
      <SecretRows
        title={t("actions.token.headers")}
        add={t("actions.add.headers")}
        rows={draft.headers}
        onChange={(headers) => onChange({ headers })}
        place={`${AT}.headers`}
        {...shared}
      />
      {draft.method === "POST" && (
        <>
          <SecretRows
            title={t("actions.token.body")}
            add={t("actions.token.add")}
            rows={draft.bodyParams}
            onChange={(bodyParams) => onChange({ bodyParams })}
            place={`${AT}.body.bodyParams`}
            {...shared}
          />
          <ChoiceField
            label={t("actions.token.bodyType")}
            choices={BODY_TYPES}
            nameOf={(type) => t(`actions.token.bodyType.${type}`)}
            value={draft.bodyType}
            onChange={(bodyType) => onChange({ bodyType })}
            place={`${AT}.body.bodyType`}
            {...shared}
          />
        </>
      )}
      <Note>{t("actions.token.base64")}</Note>
      <Flex wrap gap="size-100" alignItems="end">
        <TextField
          label={t("actions.token.inResponse")}
          value={draft.tokenInResponse}
          onChange={(tokenInResponse) => onChange({ tokenInResponse })}
          isReadOnly={isReadOnly}
          width="size-3000"
          {...faultOf(faults, `${AT}.tokenInResponse`)}
        />
        <ChoiceField
          label={t("actions.token.sentAs")}
          choices={TOKEN_PLACES}
          nameOf={(place) => t(`actions.auth.place.${place}`)}
          value={draft.authorizationType}
          onChange={(authorizationType) => onChange({ authorizationType })}
          place={`${AT}.authorizationType`}
          {...shared}
        />
        {draft.authorizationType !== "bearer" && (
          <TextField
            label={t("actions.auth.name")}
            value={draft.tokenTarget}
            onChange={(tokenTarget) => onChange({ tokenTarget })}
            isReadOnly={isReadOnly}
            {...faultOf(faults, `${AT}.tokenTarget`)}
          />
        )}
      </Flex>
      <Flex wrap gap="size-100" alignItems="end">
        <ChoiceField
          label={t("actions.token.cache")}
          choices={CACHES}
          nameOf={(cache) => t(`actions.token.cache.${cache}`)}
          value={draft.cache}
          onChange={(cache) => onChange({ cache })}
          place={`${AT}.cacheDuration`}
          {...shared}
        />
        {draft.cache === "duration" && (
          <NumberField
            label={t("actions.token.duration")}
            value={draft.duration}
            onChange={(duration) => onChange({ duration })}
            minValue={0}
            step={1}
            isReadOnly={isReadOnly}
            {...faultOf(faults, `${AT}.cacheDuration.duration`)}
          />
        )}
        {draft.cache === "expiry" && (
          <TextField
            label={t("actions.token.expiry")}
            value={draft.expiryInResponse}
            onChange={(expiryInResponse) => onChange({ expiryInResponse })}
            isReadOnly={isReadOnly}
            {...faultOf(faults, `${AT}.cacheDuration.expiryInResponse`)}
          />
        )}
        {draft.cache !== "none" && (
          <ChoiceField
            label={t("actions.token.unit")}
            choices={TIME_UNITS}
            nameOf={(unit) => t(`actions.token.unit.${unit}`)}
            value={draft.timeUnit}
            onChange={(timeUnit) => onChange({ timeUnit })}
            place={`${AT}.cacheDuration.timeUnit`}
            {...shared}
          />
        )}
      </Flex>
    </>
  );
}
