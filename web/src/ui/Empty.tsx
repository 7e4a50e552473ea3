import { Content, Heading, IllustratedMessage, View } from "@adobe/react-spectrum";
import NoSearchResults from "@spectrum-icons/illustrations/NoSearchResults";
import Upload from "@spectrum-icons/illustrations/Upload";
import type { ReactNode } from "react";

interface Props {
  title: string;
  /** What to do next. */
  detail: ReactNode;
  action?: ReactNode;
  /** Nothing matched a search, rather than nothing being there. */
  isSearch?: boolean;
}

/** Nothing is here yet; it says what to do next. */
export function Empty({ title, detail, action, isSearch = false }: Props) {
  return (
    <View paddingY="size-400">
      <IllustratedMessage>
        {isSearch ? <NoSearchResults /> : <Upload />}
        <Heading level={2}>{title}</Heading>
        <Content>{detail}</Content>
      </IllustratedMessage>
      {action && <div style={{ display: "flex", justifyContent: "center", marginTop: 16 }}>{action}</div>}
    </View>
  );
}
