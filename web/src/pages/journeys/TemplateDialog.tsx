import {
  Button,
  ButtonGroup,
  Content,
  Dialog,
  Divider,
  Form,
  Heading,
  Item,
  ListView,
  Text,
  TextField,
} from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useIntl } from "react-intl";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { useAct } from "@/ui/useAct";
import { type Choice, fillTemplate, type JourneyTemplate } from "./create";
import { NeedPicker } from "./NeedPicker";
import { createJourney } from "./queries";
import { templatesQuery } from "./references";

interface Props {
  /** Uid of the template that is looked at. */
  chosen: string | undefined;
  onChoose: (uid: string | undefined) => void;
  onCreated: (uid: string, versionUid: string) => void;
  onClose: () => void;
}

/** Choose a ready-made journey, then what it needs. */
export function TemplateDialog({ chosen, onChoose, onCreated, onClose }: Props) {
  const t = useT();
  const { locale } = useIntl();
  const templates = useQuery(templatesQuery(locale));
  const template = templates.data?.find((one) => one.uid === chosen);
  if (template !== undefined) {
    return <Filling key={template.uid} {...{ template, onCreated, onClose }} onBack={() => onChoose(undefined)} />;
  }
  return (
    <Dialog size="L">
      <Heading>{t("journeys.template.title")}</Heading>
      <Divider />
      <Content>
        {templates.error && <ErrorNotice error={templates.error} onRetry={() => void templates.refetch()} />}
        {templates.isPending && <Loading />}
        {templates.data && (
          <ListView
            aria-label={t("journeys.template.title")}
            items={templates.data}
            selectionMode="none"
            onAction={(key) => onChoose(String(key))}
            overflowMode="wrap"
          >
            {(one) => (
              <Item key={one.uid} textValue={one.name} hasChildItems>
                <Text>{one.name}</Text>
                <Text slot="description">{one.description}</Text>
              </Item>
            )}
          </ListView>
        )}
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}

interface FillingProps {
  template: JourneyTemplate;
  onBack: () => void;
  onCreated: (uid: string, versionUid: string) => void;
  onClose: () => void;
}

function Filling({ template, onBack, onCreated, onClose }: FillingProps) {
  const t = useT();
  const [name, setName] = useState(template.name);
  const [choices, setChoices] = useState<ReadonlyMap<string, Choice>>(new Map());
  const create = useAct(() => createJourney(fillTemplate(template, name.trim(), choices)), {
    invalidates: [["journeys"]],
    showsError: true,
    onDone: (made) => onCreated(made.uid, made.latestVersionUid),
  });
  const open = template.needs.filter((need) => !choices.has(need.placeholder)).length;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!create.isPending) create.mutate();
  };
  return (
    <Dialog size="M">
      <Heading>{template.name}</Heading>
      <Divider />
      <Content>
        <Text>{template.description}</Text>
        {create.error && <ErrorNotice error={create.error} />}
        <Form id="filling" onSubmit={submit} validationBehavior="native" marginTop="size-150">
          <TextField
            label={t("journeys.field.name")}
            value={name}
            onChange={setName}
            maxLength={255}
            isRequired
            autoFocus
          />
          <>
            {template.needs.map((need) => (
              <NeedPicker
                key={need.placeholder}
                need={need}
                chosen={choices.get(need.placeholder)}
                onChoose={(choice) => setChoices(new Map(choices).set(need.placeholder, choice))}
              />
            ))}
          </>
        </Form>
        {open > 0 && <Text>{t("journeys.template.open", { count: open })}</Text>}
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onBack}>
          {t("journeys.template.back")}
        </Button>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" type="submit" form="filling" isPending={create.isPending}>
          {t("journeys.create.open")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
