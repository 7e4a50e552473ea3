import { Button, Text } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";

interface Props {
  /** "Create a …", in the reader's language. */
  name: string;
  /** Whether the person may; without the permission there is no button. */
  may: boolean;
  /** Left out where it opens a menu. */
  onPress?: () => void;
}

/** What a list's page creates: last beside its title, and where the list is empty. */
export function CreateButton({ name, may, onPress }: Props) {
  if (!may) return null;
  return (
    <Button variant="accent" onPress={onPress}>
      <Add />
      <Text>{name}</Text>
    </Button>
  );
}
