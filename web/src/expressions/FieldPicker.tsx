import {
  ActionButton,
  Content,
  Dialog,
  DialogTrigger,
  Heading,
  Text,
  Tooltip,
  TooltipTrigger,
} from "@adobe/react-spectrum";
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
  /** Only the icon is shown; the label is told. */
  isIcon?: boolean;
}

/** A button that opens the tree of fields; it closes when one is picked. */
export function FieldPicker({
  label,
  roots,
  onPick,
  accepts,
  isDisabled,
  isQuiet,
  isChange = false,
  isIcon = false,
}: Props) {
  const t = useT();
  const icon = isChange ? <Edit size="S" /> : <Add size="S" />;
  return (
    <DialogTrigger type="popover" placement="bottom start" mobileType="fullscreen">
      {isIcon ? (
        <TooltipTrigger>
          <ActionButton isDisabled={isDisabled} isQuiet aria-label={label}>
            {icon}
          </ActionButton>
          <Tooltip>{label}</Tooltip>
        </TooltipTrigger>
      ) : (
        <ActionButton isDisabled={isDisabled} isQuiet={isQuiet}>
          {icon}
          <Text>{label}</Text>
        </ActionButton>
      )}
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
