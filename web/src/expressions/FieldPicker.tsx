import { ActionButton, Content, Dialog, DialogTrigger, Heading, Text } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import Edit from "@spectrum-icons/workflow/Edit";
import { useT } from "@/i18n/useT";
import { FieldTree } from "./FieldTree";
import type { ScopeField, ScopeRoot } from "./scope";

interface Props {
  label: string;
  roots: readonly ScopeRoot[];
  onPick: (field: ScopeField) => void;
  accepts?: (field: ScopeField) => boolean;
  isDisabled?: boolean;
  isQuiet?: boolean;
  /** It changes what is there, rather than adding. */
  isChange?: boolean;
}

/** A button that opens the tree of fields; it closes when one is picked. */
export function FieldPicker({ label, roots, onPick, accepts, isDisabled, isQuiet, isChange = false }: Props) {
  const t = useT();
  return (
    <DialogTrigger type="popover" placement="bottom start" mobileType="fullscreen">
      <ActionButton isDisabled={isDisabled} isQuiet={isQuiet}>
        {isChange ? <Edit /> : <Add />}
        <Text>{label}</Text>
      </ActionButton>
      {(close) => (
        <Dialog width="size-6000">
          <Heading>{t("expressions.fields.title")}</Heading>
          <Content>
            <FieldTree
              roots={roots}
              accepts={accepts}
              onPick={(field) => {
                close();
                onPick(field);
              }}
            />
          </Content>
        </Dialog>
      )}
    </DialogTrigger>
  );
}
