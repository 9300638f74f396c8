//! The window's icon.

use egui::IconData;

/// The icon: a cancel, and goroutines that leave after it.
const ICON: &[u8] = include_bytes!("../../assets/icon.png");

/// The icon's pixels; the toolkit's own icon if they cannot be read.
pub(crate) fn icon() -> IconData {
    decode().unwrap_or_default()
}

fn decode() -> Option<IconData> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(ICON)).read_info().ok()?;
    let mut rgba = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut rgba).ok()?;
    rgba.truncate(info.buffer_size());
    (info.color_type == png::ColorType::Rgba).then_some(IconData {
        rgba,
        width: info.width,
        height: info.height,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_icon_is_a_square_of_rgba() {
        let icon = super::decode().expect("the icon is part of the program");
        assert_eq!(icon.width, icon.height);
        assert_eq!(icon.rgba.len(), (icon.width * icon.height * 4) as usize);
    }
}
