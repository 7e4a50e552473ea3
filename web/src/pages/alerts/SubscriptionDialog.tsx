import {
  Button,
  ButtonGroup,
  Checkbox,
  CheckboxGroup,
  Content,
  Dialog,
  Divider,
  Flex,
  Form,
  Heading,
  Item,
  NumberField,
  Picker,
  TextField,
} from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import {
  bodyOf,
  journeyNamesQuery,
  KIND_NAMES,
  KINDS,
  type Kind,
  type Subscription,
  type SubscriptionBody,
  saveSubscription,
} from "./alerts";

interface Props {
  /** null: a new one. */
  subscription: Subscription | null;
  onClose: () => void;
}

const EVERY = "";

export function SubscriptionDialog({ subscription, onClose }: Props) {
  const t = useT();
  const journeys = useQuery(journeyNamesQuery);
  const [draft, setDraft] = useState<SubscriptionBody>({
    name: subscription?.name ?? "",
    journeyUid: subscription?.journeyUid ?? null,
    alerts: subscription?.alerts ?? KIND_NAMES,
    thresholds: subscription?.thresholds ?? {},
    webhook: subscription?.webhook ?? null,
  });
  const change = (changed: Partial<SubscriptionBody>) => setDraft({ ...draft, ...changed });
  const save = useAct(() => saveSubscription(subscription?.uid ?? null, bodyOf(draft)), {
    invalidates: [["alerts"]],
    showsError: true,
    done: t("alerts.done.saved"),
    onDone: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  const setThreshold = (kind: Kind, member: "percent" | "minimum", value: number) =>
    change({ thresholds: { ...draft.thresholds, [kind]: { ...draft.thresholds[kind], [member]: value } } });
  const webhook = draft.webhook ?? { url: "", secret: "" };
  return (
    <Dialog size="L">
      <Heading>{t(subscription === null ? "alerts.subscription.create" : "alerts.subscription")}</Heading>
      <Divider />
      <Content>
        {save.error && <ErrorNotice error={save.error} />}
        <Form id="subscription" onSubmit={submit} validationBehavior="native">
          <TextField
            label={t("alerts.column.name")}
            value={draft.name}
            onChange={(name) => change({ name })}
            maxLength={255}
            autoFocus
          />
          <Picker
            label={t("alerts.column.journey")}
            items={[{ uid: EVERY, name: t("alerts.journey.all") }, ...(journeys.data ?? [])]}
            selectedKey={draft.journeyUid ?? EVERY}
            onSelectionChange={(key) => change({ journeyUid: key === EVERY ? null : String(key) })}
          >
            {(item) => <Item key={item.uid}>{item.name}</Item>}
          </Picker>
          <CheckboxGroup
            label={t("alerts.column.kinds")}
            value={draft.alerts}
            onChange={(chosen) => change({ alerts: KIND_NAMES.filter((kind) => chosen.includes(kind)) })}
            isRequired
          >
            {KIND_NAMES.map((kind) => (
              <Checkbox key={kind} value={kind}>
                {t(`alerts.kind.${kind}`)}
              </Checkbox>
            ))}
          </CheckboxGroup>
          <>
            {draft.alerts.map((kind) => {
              const usual = KINDS[kind];
              return usual === null ? null : (
                <Flex key={kind} gap="size-150" wrap alignItems="end">
                  <NumberField
                    label={t("alerts.threshold.percent", { kind: t(`alerts.kind.${kind}`) })}
                    value={draft.thresholds[kind]?.percent ?? usual}
                    onChange={(value) => setThreshold(kind, "percent", value)}
                    minValue={0}
                    maxValue={100}
                    width="size-3600"
                  />
                  <NumberField
                    label={t("alerts.threshold.minimum")}
                    value={draft.thresholds[kind]?.minimum ?? 1}
                    onChange={(value) => setThreshold(kind, "minimum", value)}
                    minValue={1}
                    step={1}
                    width="size-2000"
                  />
                </Flex>
              );
            })}
          </>
          <TextField
            label={t("alerts.column.webhook")}
            description={t("alerts.webhook.detail")}
            type="url"
            value={webhook.url}
            onChange={(url) => change({ webhook: { ...webhook, url } })}
            autoComplete="off"
          />
          <TextField
            label={t("alerts.webhook.secret")}
            description={t("alerts.webhook.secretDetail")}
            value={webhook.secret ?? ""}
            onChange={(secret) => change({ webhook: { ...webhook, secret } })}
            autoComplete="off"
          />
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" type="submit" form="subscription" isPending={save.isPending}>
          {t("common.save")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
