import {
  ActionButton,
  Button,
  Item,
  ListView,
  Text,
  TextField,
  Tooltip,
  TooltipTrigger,
  useDragAndDrop,
} from "@adobe/react-spectrum";
import ChevronDown from "@spectrum-icons/workflow/ChevronDown";
import ChevronUp from "@spectrum-icons/workflow/ChevronUp";
import Delete from "@spectrum-icons/workflow/Delete";
import { type ReactNode, useState } from "react";
import { useT } from "@/i18n/useT";
import { freePathId, type Path, reordered, shifted } from "../paths";
import styles from "./fields.module.css";
import { Stack } from "./Stack";

interface Props {
  paths: Path[];
  onChange: (paths: Path[]) => void;
  isReadOnly: boolean;
  /** What a path without a label is called. */
  nameOf: (path: Path, index: number) => string;
  /** One line about a path. */
  detailOf: (path: Path) => string;
  /** What a new path has beside its id. */
  create: () => Omit<Path, "id">;
  /** The fields of the path in hand. */
  children: (path: Path, set: (changes: Record<string, unknown>) => void) => ReactNode;
  least?: number;
  most?: number;
  /** What is listed when it isn't paths, what adds one, and what ids begin with. */
  words?: { list: string; add: string; stem: string };
}

/** The paths in their order, to be dragged, moved by key, added and removed; below, the one in hand. */
export function PathList(props: Props) {
  const { paths, onChange, isReadOnly, nameOf, detailOf, create, children, least = 1, most = 50, words } = props;
  const t = useT();
  const [chosen, setChosen] = useState(paths[0]?.id ?? "");
  const path = paths.find((one) => one.id === chosen) ?? paths[0];
  const items = paths.map((one, index) => ({ id: one.id, name: nameOf(one, index), detail: detailOf(one) }));
  const { dragAndDropHooks } = useDragAndDrop({
    getItems: (keys) => [...keys].map((key) => ({ "text/plain": String(key) })),
    onReorder: ({ keys, target }) => {
      if (target.dropPosition === "on") return;
      onChange(reordered(paths, new Set([...keys].map(String)), String(target.key), target.dropPosition));
    },
  });
  const add = () => {
    const made = { id: freePathId(paths, words?.stem), ...create() };
    onChange([...paths, made]);
    setChosen(made.id);
  };
  const remove = (id: string) => {
    const index = paths.findIndex((one) => one.id === id);
    onChange(paths.filter((one) => one.id !== id));
    setChosen(paths[index + 1]?.id ?? paths[index - 1]?.id ?? "");
  };
  const name = items.find((item) => item.id === path?.id)?.name ?? "";
  return (
    <Stack>
      {items.length > 0 && (
        <ListView
          aria-label={words?.list ?? t("activities.paths")}
          items={items}
          selectionMode="single"
          selectionStyle="highlight"
          disallowEmptySelection
          selectedKeys={path === undefined ? [] : [path.id]}
          onSelectionChange={(keys) => setChosen(keys === "all" ? "" : String([...keys][0] ?? ""))}
          dragAndDropHooks={isReadOnly ? undefined : dragAndDropHooks}
          density="compact"
          overflowMode="truncate"
          maxHeight="size-3600"
          width="100%"
        >
          {(item) => (
            <Item key={item.id} textValue={item.name}>
              <Text>{item.name}</Text>
              {item.detail === "" ? null : <Text slot="description">{item.detail}</Text>}
            </Item>
          )}
        </ListView>
      )}
      {!isReadOnly && (
        <div className={styles.row}>
          <Button variant="secondary" onPress={add} isDisabled={paths.length >= most}>
            {words?.add ?? t("activities.paths.add")}
          </Button>
          {path !== undefined && (
            <>
              <Tool
                label={t("activities.paths.up", { name })}
                isDisabled={paths[0]?.id === path.id}
                icon={<ChevronUp />}
                onPress={() => onChange(shifted(paths, path.id, -1))}
              />
              <Tool
                label={t("activities.paths.down", { name })}
                isDisabled={paths.at(-1)?.id === path.id}
                icon={<ChevronDown />}
                onPress={() => onChange(shifted(paths, path.id, 1))}
              />
              <Tool
                label={t("activities.paths.remove", { name })}
                isDisabled={paths.length <= least}
                icon={<Delete />}
                onPress={() => remove(path.id)}
              />
            </>
          )}
        </div>
      )}
      {path !== undefined && (
        <div className={styles.card} key={path.id}>
          <TextField
            label={t("activities.paths.label")}
            value={path.label ?? ""}
            maxLength={200}
            isReadOnly={isReadOnly}
            onChange={(label) => onChange(replaced(paths, path.id, { label: label === "" ? undefined : label }))}
            width="100%"
          />
          {children(path, (changes) => onChange(replaced(paths, path.id, changes)))}
        </div>
      )}
    </Stack>
  );
}

interface ToolProps {
  label: string;
  icon: ReactNode;
  isDisabled: boolean;
  onPress: () => void;
}

function Tool({ label, icon, isDisabled, onPress }: ToolProps) {
  return (
    <TooltipTrigger>
      <ActionButton isQuiet aria-label={label} isDisabled={isDisabled} onPress={onPress}>
        {icon}
      </ActionButton>
      <Tooltip>{label}</Tooltip>
    </TooltipTrigger>
  );
}

/** The paths with members of one changed; those that become undefined are taken away. */
function replaced(paths: Path[], id: string, changes: Record<string, unknown>): Path[] {
  return paths.map((path) => {
    if (path.id !== id) return path;
    const next = Object.entries({ ...path, ...changes }).filter(([, value]) => value !== undefined);
    return { ...Object.fromEntries(next), id };
  });
}
