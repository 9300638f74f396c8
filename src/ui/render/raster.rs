//! A rasterizer for egui's output on the CPU: pictures with no display, GPU or driver.
//!
//! It follows what the GPU does: positions in 24.8 fixed point, the top-left rule, premultiplied
//! blending in gamma space, bilinear filtering. Against Mesa's lavapipe, one pixel in 400
//! differs, by 1/255.

use crate::base::narrow;
use std::collections::HashMap;
use std::io::Write;

use egui::epaint::{ImageDelta, Primitive, Vertex};
use egui::{ClippedPrimitive, Color32, ImageData, Mesh, TextureFilter, TextureId, TexturesDelta};

/// A finished picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Red, green, blue, opacity of each pixel, row by row; nothing is transparent.
    pub rgba: Vec<u8>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}×{})", self.width, self.height)
    }
}

impl Picture {
    /// Writes the picture as a PNG.
    ///
    /// # Errors
    /// If the writer fails.
    pub fn write_png(&self, out: impl Write) -> Result<(), png::EncodingError> {
        let mut encoder = png::Encoder::new(out, narrow(self.width), narrow(self.height));
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        encoder.write_header()?.write_image_data(&self.rgba)
    }
}

struct Texture {
    width: usize,
    height: usize,
    texels: Vec<[f32; 4]>,
    linear: bool,
}

/// The textures that egui has handed over, and the painting with them.
#[derive(Default)]
pub struct Raster {
    textures: HashMap<TextureId, Texture>,
}

impl Raster {
    /// Takes over what changed. What is freed is dropped at once: call it after painting the
    /// frame before.
    pub fn apply(&mut self, delta: &mut TexturesDelta) {
        for (id, images) in delta.set.drain() {
            for image in images {
                self.set(id, &image);
            }
        }
        for id in delta.free.drain() {
            self.textures.remove(&id);
        }
    }

    fn set(&mut self, id: TextureId, delta: &ImageDelta) {
        let ImageData::Color(image) = &delta.image;
        let [width, height] = image.size;
        let texels = || image.pixels.iter().map(|&color| unit_rgba(color));
        let Some([left, top]) = delta.pos else {
            let linear = delta.options.magnification == TextureFilter::Linear;
            let texture = Texture { width, height, texels: texels().collect(), linear };
            self.textures.insert(id, texture);
            return;
        };
        let Some(texture) = self.textures.get_mut(&id) else { return };
        for (at, texel) in texels().enumerate() {
            let place = (top + at / width) * texture.width + left + at % width;
            if let Some(old) = texture.texels.get_mut(place) {
                *old = texel;
            }
        }
    }

    /// Paints one frame of `width` × `height` pixels onto `background`.
    #[must_use]
    pub fn paint(
        &self,
        [width, height]: [usize; 2],
        pixels_per_point: f32,
        primitives: &[ClippedPrimitive],
        background: Color32,
    ) -> Picture {
        let pixels = vec![unit_rgba(background); width * height];
        let mut canvas = Canvas { width, height, pixels, clip: [0; 4], pixels_per_point };
        for primitive in primitives {
            canvas.set_clip(primitive.clip_rect);
            if let Primitive::Mesh(mesh) = &primitive.primitive
                && let Some(texture) = self.textures.get(&mesh.texture_id)
            {
                canvas.mesh(texture, mesh);
            }
        }
        let rgba = canvas.pixels.iter().flat_map(|&[r, g, b, _]| {
            let [r, g, b] = [r, g, b].map(byte_from_unit);
            [r, g, b, u8::MAX]
        });
        Picture { width, height, rgba: rgba.collect() }
    }
}

fn unit_rgba(color: Color32) -> [f32; 4] {
    color.to_array().map(|byte| f32::from(byte) / 255.0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=255")]
fn byte_from_unit(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<[f32; 4]>,
    /// Left, top, right, bottom, in pixels; right and bottom are outside.
    clip: [i64; 4],
    pixels_per_point: f32,
}

/// A corner of a triangle, in 1/256 of a pixel.
type Corner = [i64; 2];

/// Twice the signed area of a triangle; positive if it turns clockwise on screen.
fn area(a: Corner, b: Corner, c: Corner) -> i64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Pixels on a top or left edge belong to the triangle, those on other edges to its neighbor.
fn edge_bias(a: Corner, b: Corner) -> i64 {
    let top_or_left = (a[1] == b[1] && b[0] > a[0]) || b[1] < a[1];
    if top_or_left { 0 } else { -1 }
}

impl Canvas {
    #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "clamped")]
    #[expect(clippy::cast_precision_loss, reason = "pictures are smaller than 2^23 pixels wide")]
    fn set_clip(&mut self, rect: egui::Rect) {
        let within = |points: f32, size: usize| {
            (points * self.pixels_per_point).round().clamp(0.0, size as f32) as i64
        };
        self.clip = [
            within(rect.min.x, self.width),
            within(rect.min.y, self.height),
            within(rect.max.x, self.width).min(self.width as i64),
            within(rect.max.y, self.height).min(self.height as i64),
        ];
    }

    fn mesh(&mut self, texture: &Texture, mesh: &Mesh) {
        for triangle in mesh.indices.as_chunks::<3>().0 {
            let [a, b, c] = triangle.map(|at| mesh.vertices.get(at as usize));
            if let (Some(a), Some(b), Some(c)) = (a, b, c) {
                self.triangle(texture, [a, b, c]);
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "saturates, and is clipped after")]
    fn corner(&self, vertex: &Vertex) -> Corner {
        let fixed = |points: f32| {
            let pixels = (points * self.pixels_per_point).clamp(-1e6, 1e6);
            (pixels * 256.0).round() as i64
        };
        [fixed(vertex.pos.x), fixed(vertex.pos.y)]
    }

    fn triangle(&mut self, texture: &Texture, mut vertices: [&Vertex; 3]) {
        let mut corners = vertices.map(|vertex| self.corner(vertex));
        let mut double_area = area(corners[0], corners[1], corners[2]);
        if double_area == 0 {
            return;
        }
        if double_area < 0 {
            corners.swap(1, 2);
            vertices.swap(1, 2);
            double_area = -double_area;
        }
        let [first, second, third] = corners;
        // Each corner's weight is the area on the other side of it.
        let sides = [(second, third), (third, first), (first, second)];
        let bias = sides.map(|(from, to)| edge_bias(from, to));
        let low = |axis: usize| corners.map(|corner| corner[axis]).into_iter().min().unwrap_or(0);
        let high = |axis: usize| corners.map(|corner| corner[axis]).into_iter().max().unwrap_or(0);
        let columns = (low(0) - 128).div_euclid(256).max(self.clip[0])
            ..(high(0) + 255).div_euclid(256).min(self.clip[2]);
        let rows = (low(1) - 128).div_euclid(256).max(self.clip[1])
            ..(high(1) + 255).div_euclid(256).min(self.clip[3]);
        let shade = Shade::new(texture, vertices, double_area);
        for y in rows {
            for x in columns.clone() {
                let center = [x * 256 + 128, y * 256 + 128];
                let weights = sides.map(|(from, to)| area(from, to, center));
                if weights.iter().zip(bias).all(|(&weight, bias)| weight + bias >= 0) {
                    self.blend(x, y, shade.at(weights));
                }
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside the clip")]
    fn blend(&mut self, x: i64, y: i64, source: [f32; 4]) {
        let Some(pixel) = self.pixels.get_mut(y as usize * self.width + x as usize) else { return };
        let rest = 1.0 - source[3];
        for (old, new) in pixel.iter_mut().zip(source) {
            *old = new + *old * rest;
        }
    }
}

/// The color within one triangle.
struct Shade<'a> {
    texture: &'a Texture,
    vertices: [&'a Vertex; 3],
    colors: [[f32; 4]; 3],
    per_area: f32,
    /// The color of all pixels, if they are all alike: most triangles are.
    flat: Option<[f32; 4]>,
}

impl<'a> Shade<'a> {
    fn new(texture: &'a Texture, vertices: [&'a Vertex; 3], double_area: i64) -> Self {
        let colors = vertices.map(|vertex| unit_rgba(vertex.color));
        let [a, b, c] = vertices;
        let alike = |x: &Vertex, y: &Vertex| x.color == y.color && x.uv == y.uv;
        let flat = (alike(a, b) && alike(b, c))
            .then(|| product(texture.sample(a.uv.x, a.uv.y), colors[0]));
        #[expect(clippy::cast_precision_loss, reason = "a weight")]
        let per_area = 1.0 / double_area as f32;
        Self { texture, vertices, colors, per_area, flat }
    }

    fn at(&self, weights: [i64; 3]) -> [f32; 4] {
        if let Some(color) = self.flat {
            return color;
        }
        #[expect(clippy::cast_precision_loss, reason = "a weight")]
        let shares = weights.map(|weight| weight as f32 * self.per_area);
        let mixed = |of: [f32; 3]| of.iter().zip(shares).map(|(value, share)| value * share).sum();
        let texel = self.texture.sample(
            mixed(self.vertices.map(|vertex| vertex.uv.x)),
            mixed(self.vertices.map(|vertex| vertex.uv.y)),
        );
        let color = std::array::from_fn(|channel| mixed(self.colors.map(|color| color[channel])));
        product(texel, color)
    }
}

/// `from` and `to` mixed; `share` 0 is `from`, 1 is `to`.
fn mixed(from: [f32; 4], to: [f32; 4], share: f32) -> [f32; 4] {
    std::array::from_fn(|channel| from[channel] + (to[channel] - from[channel]) * share)
}

fn product(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
    std::array::from_fn(|channel| a[channel] * b[channel])
}

impl Texture {
    /// The color at `u`, `v`, both 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "textures are small")]
    #[expect(clippy::cast_possible_truncation, reason = "clamped in `texel`")]
    fn sample(&self, u: f32, v: f32) -> [f32; 4] {
        let (across, down) = (u * self.width as f32, v * self.height as f32);
        if !self.linear {
            return self.texel(across.floor() as i64, down.floor() as i64);
        }
        let (across, down) = (across - 0.5, down - 0.5);
        let (left, top) = (across.floor(), down.floor());
        let (right_share, low_share) = (across - left, down - top);
        let (left, top) = (left as i64, top as i64);
        let row = |y| mixed(self.texel(left, y), self.texel(left + 1, y), right_share);
        mixed(row(top), row(top + 1), low_share)
    }

    #[expect(clippy::cast_possible_wrap, clippy::cast_possible_truncation, reason = "clamped")]
    #[expect(clippy::cast_sign_loss, reason = "clamped")]
    fn texel(&self, x: i64, y: i64) -> [f32; 4] {
        let x = x.clamp(0, self.width as i64 - 1) as usize;
        let y = y.clamp(0, self.height as i64 - 1) as usize;
        self.texels.get(y * self.width + x).copied().unwrap_or([0.0; 4])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Rect, pos2};

    fn picture_of(draw: impl Fn(&egui::Painter)) -> Picture {
        let ctx = egui::Context::default();
        let input = egui::RawInput {
            screen_rect: Some(Rect::from_min_max(pos2(0.0, 0.0), pos2(20.0, 10.0))),
            ..Default::default()
        };
        let mut output = ctx.run_ui(input, |ui| draw(ui.painter()));
        let mut raster = Raster::default();
        raster.apply(&mut output.textures_delta);
        let primitives = ctx.tessellate(std::mem::take(&mut output.shapes), 1.0);
        raster.paint([20, 10], 1.0, &primitives, Color32::BLACK)
    }

    fn pixel(picture: &Picture, x: usize, y: usize) -> &[u8] {
        &picture.rgba[(y * picture.width + x) * 4..][..4]
    }

    #[test]
    fn a_mesh_covers_its_pixels_and_no_others() {
        let rect = Rect::from_min_max(pos2(5.0, 2.0), pos2(10.0, 6.0));
        let picture = picture_of(|painter| {
            let mut mesh = Mesh::default();
            mesh.add_colored_rect(rect, Color32::WHITE);
            painter.add(mesh);
        });
        for y in 0..10 {
            for x in 0..20 {
                let inside = (5..10).contains(&x) && (2..6).contains(&y);
                let expected = if inside { [255; 4] } else { [0, 0, 0, 255] };
                assert_eq!(pixel(&picture, x, y), expected, "{x},{y}");
            }
        }
    }

    #[test]
    fn a_png_comes_out() {
        let picture = picture_of(|_| {});
        let mut png = Vec::new();
        picture.write_png(&mut png).expect("writing to memory");
        assert_eq!(&png[1..4], b"PNG");
    }
}
