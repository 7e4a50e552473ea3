import {
  Button,
  ButtonGroup,
  Checkbox,
  CheckboxGroup,
  Content,
  Dialog,
  Divider,
  Heading,
  Text,
} from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { useAct } from "@/ui/useAct";
import { labelsQuery } from "../governance/governance";
import { useNamedWords } from "../governance/useNamedWords";
import type { Field } from "./fields";
import type { FieldLabels } from "./labels";
import { labelledQuery, saveLabels } from "./registry";

interface Props {
  schemaId: string;
  field: Field;
  labels: FieldLabels;
  onClose: () => void;
}

/** What the data of a field may not be used for. */
export function LabelDialog({ schemaId, field, labels, onClose }: Props) {
  const t = useT();
  const words = useNamedWords();
  const known = useQuery(labelsQuery);
  const [chosen, setChosen] = useState(labels.own);
  const save = useAct(() => saveLabels(schemaId, field.pointer, chosen, labels.descriptor), {
    invalidates: [labelledQuery.queryKey],
    showsError: true,
    done: t("schemas.saved"),
    onDone: onClose,
  });
  const error = save.error ?? known.error;
  return (
    <Dialog size="M">
      <Heading>{t("schemas.labels.of", { name: field.path })}</Heading>
      <Divider />
      <Content>
        {error && <ErrorNotice error={error} />}
        {labels.inherited.length > 0 && (
          <Text>{t("schemas.labels.inherited", { labels: labels.inherited.join(", ") })}</Text>
        )}
        {known.data === undefined ? (
          !error && <Loading />
        ) : (
          <CheckboxGroup
            label={t("schemas.labels")}
            description={field.hasFields ? t("schemas.labels.below") : undefined}
            value={chosen}
            onChange={setChosen}
          >
            {known.data.map((one) => (
              <Checkbox key={one.name} value={one.name}>
                {words.of("labels", one)}
              </Checkbox>
            ))}
          </CheckboxGroup>
        )}
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" isPending={save.isPending} onPress={() => save.mutate()}>
          {t("common.save")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
