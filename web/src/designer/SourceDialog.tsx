import { Button, ButtonGroup, Content, Dialog, Divider, Heading, Text } from "@adobe/react-spectrum";
import { useState } from "react";
import type { JourneyDocument } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { CodeArea } from "@/ui/CodeArea";
import { CopyButton } from "@/ui/CopyButton";
import { useDraftStore } from "./draftContext";

/** The document as text; of a draft it can be changed here, or pasted from elsewhere. */
export function SourceDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const store = useDraftStore();
  const { isReadOnly, document } = store.getState();
  const [text, setText] = useState(() => JSON.stringify(document, null, 2));
  const [problem, setProblem] = useState<string | null>(null);
  const take = () => {
    try {
      const found = JSON.parse(text) as JourneyDocument;
      if (typeof found.nodes !== "object" || typeof found.entry !== "object")
        throw new Error(t("designer.source.shape"));
      store.getState().change(found);
      onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Dialog size="L">
      <Heading>{t("designer.source")}</Heading>
      <Divider />
      <Content>
        <Text>{t("designer.source.detail")}</Text>
        <CodeArea
          aria-label={t("designer.source")}
          value={text}
          onChange={setText}
          isReadOnly={isReadOnly}
          validationState={problem === null ? undefined : "invalid"}
          errorMessage={problem ?? undefined}
          height="50vh"
        />
      </Content>
      <ButtonGroup>
        <CopyButton text={text} label={t("common.copy")} />
        <Button variant="secondary" onPress={onClose}>
          {t("designer.cancel")}
        </Button>
        {!isReadOnly && (
          <Button variant="accent" onPress={take}>
            {t("designer.source.take")}
          </Button>
        )}
      </ButtonGroup>
    </Dialog>
  );
}
