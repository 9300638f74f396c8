//! Colors by perceived lightness, chroma and hue (OKLCH), so that equal numbers look equally loud.

use egui::Color32;

/// A color of a lightness (0 black to 1 white), a chroma (0 gray, 0.1 calm, 0.2 loud) and a hue
/// in degrees. Chroma that sRGB cannot show at that lightness is cut down.
#[expect(clippy::disallowed_methods, reason = "the one place where colors are made")]
pub(in crate::ui) fn oklch(lightness: f32, chroma: f32, hue: f32) -> Color32 {
    let [red, green, blue] = srgb(lightness, chroma, hue);
    Color32::from_rgb(red, green, blue)
}

/// The same, as sRGB bytes.
fn srgb(lightness: f32, mut chroma: f32, hue: f32) -> [u8; 3] {
    let mut linear = linear_rgb(lightness, chroma, hue);
    while chroma > 0.0 && linear.iter().any(|v| !(-0.0005..=1.0005).contains(v)) {
        chroma -= 0.002;
        linear = linear_rgb(lightness, chroma.max(0.0), hue);
    }
    linear.map(byte_from_linear)
}

/// Björn Ottosson's OKLab to linear sRGB.
fn linear_rgb(lightness: f32, chroma: f32, hue: f32) -> [f32; 3] {
    let (sin, cos) = hue.to_radians().sin_cos();
    let (a, b) = (chroma * cos, chroma * sin);
    let long = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let medium = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let short = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    [
        4.076_741_7 * long - 3.307_711_6 * medium + 0.230_969_93 * short,
        -1.268_438 * long + 2.609_757_4 * medium - 0.341_319_4 * short,
        -0.004_196_086_3 * long - 0.703_418_6 * medium + 1.707_614_7 * short,
    ]
}

fn byte_from_linear(linear: f32) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let gamma =
        if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
    let byte = (gamma * 255.0).round() as u8;
    byte
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colors_come_out_right() {
        assert_eq!(srgb(0.0, 0.0, 0.0), [0, 0, 0]);
        assert_eq!(srgb(1.0, 0.0, 0.0), [255, 255, 255]);
        // Pure sRGB red is OKLCH 0.628, 0.2577, 29.23°.
        let [r, g, b] = srgb(0.628, 0.2577, 29.23);
        assert!(r >= 253 && g <= 12 && b <= 12, "{r} {g} {b}");
    }

    #[test]
    fn chroma_beyond_the_gamut_is_cut_and_lightness_kept() {
        let [r, g, b] = srgb(0.9, 0.4, 264.0);
        assert!(r > 180 && g > 180 && b > 200, "{r} {g} {b}");
    }
}
