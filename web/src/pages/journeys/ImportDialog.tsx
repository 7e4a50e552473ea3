import {
  Button,
  ButtonGroup,
  Content,
  Dialog,
  Divider,
  DropZone,
  FileTrigger,
  Heading,
  IllustratedMessage,
  InlineAlert,
  Text,
} from "@adobe/react-spectrum";
import Upload from "@spectrum-icons/illustrations/Upload";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "@/api/call";
import { useT } from "@/i18n/useT";
import { CodeArea } from "@/ui/CodeArea";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { ImportRefused, type NamedKind, readImport, resolveNames } from "./create";
import { type Created, createJourney } from "./queries";
import { choicesQuery } from "./references";

interface Props {
  onCreated: (uid: string, versionUid: string) => void;
  onClose: () => void;
}

const KINDS: NamedKind[] = ["event", "action", "audience", "template"];

interface ImportAnswer {
  journey: Created;
}

/** A journey from a file: its document as YAML or JSON, or an export of another sandbox. */
export function ImportDialog({ onCreated, onClose }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const [text, setText] = useState("");
  const create = useAct(
    async (): Promise<Created> => {
      const { parse } = await import("yaml");
      let value: unknown;
      try {
        value = parse(text);
      } catch (error) {
        throw new ImportRefused("unreadable", error instanceof Error ? error.message : "");
      }
      const found = readImport(value);
      if (found.kind === "export") {
        const answer = await call<ImportAnswer>("POST", "/journey/orchestration/journeyVersions/import", {
          body: found.body,
        });
        return answer.journey;
      }
      const known = await Promise.all(KINDS.map((kind) => queries.ensureQueryData(choicesQuery(kind)).catch(() => [])));
      const [event = [], action = [], audience = [], template = []] = known;
      return createJourney(resolveNames(found.document, { event, action, audience, template }).document);
    },
    {
      invalidates: [["journeys"]],
      showsError: true,
      done: t("journeys.import.done"),
      onDone: (made) => onCreated(made.uid, made.latestVersionUid),
    },
  );
  const take = async (file: File | undefined) => {
    if (file !== undefined) setText(await file.text());
  };
  const refused = create.error instanceof ImportRefused ? create.error : null;
  return (
    <Dialog size="L">
      <Heading>{t("journeys.create.import")}</Heading>
      <Divider />
      <Content>
        {create.error && refused === null && <ErrorNotice error={create.error} />}
        {refused !== null && (
          <InlineAlert variant="negative" marginBottom="size-150">
            <Heading level={2}>{t(`journeys.import.${refused.reason}`)}</Heading>
            <Content>{refused.message || t("journeys.import.detail")}</Content>
          </InlineAlert>
        )}
        <DropZone
          isFilled={text !== ""}
          replaceMessage={t("journeys.import.replace")}
          onDrop={async (event) => {
            const item = event.items.find((one) => one.kind === "file");
            if (item?.kind === "file") await take(await item.getFile());
          }}
        >
          <IllustratedMessage>
            <Upload />
            <Heading level={2}>{t("journeys.import.drop")}</Heading>
            <Content>
              <FileTrigger acceptedFileTypes={[".yaml", ".yml", ".json"]} onSelect={(files) => void take(files?.[0])}>
                <Button variant="secondary">{t("journeys.import.choose")}</Button>
              </FileTrigger>
            </Content>
          </IllustratedMessage>
        </DropZone>
        <CodeArea
          label={t("journeys.import.text")}
          description={t("journeys.import.detail")}
          value={text}
          onChange={setText}
          minHeight="size-2000"
          marginTop="size-150"
        />
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button
          variant="accent"
          isDisabled={text.trim() === ""}
          isPending={create.isPending}
          onPress={() => create.mutate()}
        >
          <Text>{t("journeys.import.button")}</Text>
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
